// node generate.js '{"package": …, "times": …, "request": …}': makes the codes so often, and tells what that took.

const { package: name, times, request } = JSON.parse(process.argv[2]);
const peer = await import(name);
const generate = peer.generate ?? peer.default.generate;

function makeCodes() {
  let codes = 0;
  for (let time = 0; time < times; time += 1) codes += generate(request).length;
  return codes;
}

// Compiled code is compared with compiled code.
makeCodes();
const wall = process.hrtime.bigint();
const before = process.cpuUsage();
const amount = makeCodes();
const { user, system } = process.cpuUsage(before);
const seconds = Number(process.hrtime.bigint() - wall) / 1e9;
console.log(JSON.stringify({ amount, cpu: (user + system) / 1e6, wall: seconds }));
