// What a merchant's JavaScript does with promotions, codes and jobs, through the published SDK as it is.
"use strict";
const assert = require("node:assert/strict");
const {gateway, MemoryStorageFactory} = require("@elasticpath/js-sdk");

const {host, client_id, client_secret} = JSON.parse(process.argv[2]);
const client = gateway({host, protocol: "http", client_id, client_secret, storage: new MemoryStorageFactory()});
const {Promotions} = client;
const FINAL = ["completed", "failed", "cancelled"];

const PROMOTION = {
  name: "Summer sale", description: "10 dollars off", enabled: true, promotion_type: "fixed_discount",
  schema: {currencies: [{currency: "USD", amount: 1000}]}, start: "2026-06-01", end: "2026-08-31",
};
const generate = number_of_codes => ({
  type: "promotion_job", job_type: "code_generate", name: "newsletter", parameters: {number_of_codes, code_prefix: "summer"},
});
const cancel = (promotion, job) => client.request.send(`promotions/${promotion}/jobs/${job}/cancel`, "POST");

async function refusal(promise) {
  const answer = await promise.then(() => assert.fail("it was not refused"), error => error);
  return answer.errors;
}

async function finished(promotion, job) {
  for (;;) {
    const found = (await Promotions.PromotionJobs(promotion)).data.find(({id}) => id === job);
    if (FINAL.includes(found.status)) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

const steps = {
  async "a client gets a token"() {
    const token = await client.Authenticate();
    assert.match(token.access_token, /^[0-9a-f]{40}$/);
  },

  async "a promotion is created, read, changed and listed"(state) {
    state.promotion = (await Promotions.Create(PROMOTION)).data.id;
    assert.equal((await Promotions.Get(state.promotion)).data.name, "Summer sale");
    assert.equal((await Promotions.Update(state.promotion, {name: "Winter sale"})).data.name, "Winter sale");
    assert.ok((await Promotions.Limit(10).All()).data.some(({id}) => id === state.promotion));
  },

  async "a second job is refused while one is open"() {
    // Big enough to be open still when the second request comes.
    const promotion = (await Promotions.Create({...PROMOTION, max_codes: 500000})).data.id;
    const first = (await Promotions.AddCodesJob(promotion, generate(500000))).data.id;
    assert.deepEqual(await refusal(Promotions.AddCodesJob(promotion, generate(500000))), [{
      status: "400", title: "Too many jobs", detail: "Only 1 pending or processing job is allowed per promotion.",
    }]);
    const job = await finished(promotion, first);
    assert.deepEqual([job.status, job.result], ["completed", {generated: 500000}]);
  },

  async "codes are generated"({promotion}) {
    const job = (await Promotions.AddCodesJob(promotion, generate(10))).data;
    assert.deepEqual((await finished(promotion, job.id)).result, {generated: 10});
  },

  async "jobs are listed by a filter"({promotion}) {
    const page = await Promotions.Filter({eq: {job_type: "code_generate", status: "completed"}}).Limit(25).PromotionJobs(promotion);
    assert.deepEqual([page.data.length, page.meta.results.total], [1, 1]);
  },

  async "codes are listed although the SDK sends the jobs' filter along"({promotion}) {
    const page = await Promotions.Codes(promotion);
    assert.equal(page.meta.results.total, 10);
    assert.ok(page.data.every(({code}) => /^summer-\w{4}-\w{4}$/.test(code)));
  },

  async "codes are added, found and deleted by hand"({promotion}) {
    const added = await Promotions.AddCodes(promotion, [{code: "WELCOME-10", uses: 5}, {code: "WELCOME-20"}, {code: "BYE"}]);
    assert.equal(added.data.id, promotion);
    assert.deepEqual(await refusal(Promotions.AddCodes(promotion, [{code: "welcome-10"}])), [{
      status: "422", title: "Duplicate code", detail: "Promotion code already in use",
    }]);
    const found = await Promotions.Filter({eq: {code: "WELCOME-10"}}).Codes(promotion);
    assert.deepEqual(found.data.map(({code, uses, max_uses}) => ({code, uses, max_uses})), [{code: "WELCOME-10", uses: 5, max_uses: 5}]);
    await Promotions.DeleteCode(promotion, "WELCOME-10");
    await Promotions.DeleteCodes(promotion, [{code: "WELCOME-20"}, {code: "not there"}]);
    assert.deepEqual((await Promotions.Filter({eq: {code: "WELCOME-20"}}).Codes(promotion)).data, []);
  },

  async "codes are exported and downloaded"({promotion}) {
    const job = (await Promotions.AddCodesJob(promotion, {type: "promotion_job", job_type: "code_export"})).data;
    // The SDK would send the codes' filter along, which jobs do not have.
    Promotions.filter = undefined;
    await finished(promotion, job.id);
    const {href} = await Promotions.GetCodeExportFile(promotion, job.id);
    const rows = (await (await fetch(href)).text()).trim().split("\r\n");
    assert.equal(rows.length, 1 + 11);
    assert.ok(rows[11].startsWith("BYE,"));
  },

  async "a job is cancelled, its codes go, and it cannot be cancelled again"() {
    const promotion = (await Promotions.Create({...PROMOTION, max_codes: 500000})).data.id;
    // Also so that the function has started when it is to be quick.
    assert.deepEqual(await refusal(cancel(promotion, promotion)), [{status: 404, title: "Not Found", detail: "job not found"}]);
    const job = (await Promotions.AddCodesJob(promotion, generate(500000))).data.id;
    const {status} = (await cancel(promotion, job)).data;
    assert.ok(["cancelled", "cancelling"].includes(status), status);
    const cancelled = await finished(promotion, job);
    assert.deepEqual([cancelled.status, cancelled.result.generated], ["cancelled", cancelled.result.deleted]);
    assert.equal((await Promotions.Codes(promotion)).meta.results.total, 0);
    assert.deepEqual(await refusal(cancel(promotion, job)), [{
      status: "422", title: "Unprocessable Entity", detail: "Only pending or processing jobs can be cancelled",
    }]);
  },

  async "more codes than a promotion may hold are refused"() {
    const promotion = (await Promotions.Create(PROMOTION)).data.id;
    assert.deepEqual(await refusal(Promotions.AddCodesJob(promotion, generate(1001))), [{
      status: 400, source: "data.parameters.number_of_codes", title: "Too many promotion codes",
      detail: "Only 1000 promotion codes are allowed per promotion",
    }]);
    assert.equal(await Promotions.Delete(promotion), "{}");
    assert.deepEqual(await refusal(Promotions.Get(promotion)), [{status: 404, title: "Not Found", detail: "promotion not found"}]);
  },

  async "an automatic promotion takes no codes"() {
    const promotion = (await Promotions.Create({...PROMOTION, automatic: true})).data.id;
    const expected = [{status: "422", title: "No codes allowed", detail: "Cannot add codes to an automatic promotion"}];
    assert.deepEqual(await refusal(Promotions.AddCodesJob(promotion, generate(1))), expected);
    assert.deepEqual(await refusal(Promotions.AddCodes(promotion, [{code: "AUTOMATIC"}])), expected);
  },
};

(async () => {
  const state = {};
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(state);
    } catch (error) {
      console.error(`${name}: ${error.message || JSON.stringify(error)}\n${error.stack || ""}`);
      process.exit(1);
    }
    console.log(name);
  }
})();
