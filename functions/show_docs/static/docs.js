"use strict";
const METHODS = ["get", "post", "put", "delete"];

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children.filter(child => child !== null));
  return made;
}

function folded(title, ...children) {
  return element("details", {}, element("summary", {}, ...title), ...children);
}

function json(value) {
  return element("pre", {textContent: JSON.stringify(value, null, 2)});
}

function contents(content, name) {
  return Object.entries(content || {}).flatMap(([type, {schema, examples}]) => [
    ...Object.entries(examples || {}).map(([title, {value}]) => folded([`${name}: ${title}`], json(value))),
    folded([`${name}: schema of ${type}`], json(schema)),
  ]);
}

function parameters(list) {
  if (!list || !list.length) return null;
  const rows = list.map(({name, in: place, required, schema}) => element("tr", {},
    element("td", {}, element("code", {textContent: name})),
    element("td", {textContent: place + (required ? ", required" : "")}),
    element("td", {}, element("code", {textContent: JSON.stringify(schema)}))));
  return element("table", {}, ...rows);
}

function operation(path, method, described) {
  const title = [
    element("code", {className: "method", textContent: method}), element("code", {textContent: path}),
    ` ${described.summary}`,
  ];
  const responses = Object.entries(described.responses).map(([status, response]) =>
    folded([`${status} ${response.description}`], ...contents(response.content, status)));
  return folded(title, parameters(described.parameters),
    ...contents((described.requestBody || {}).content, "body"), ...responses);
}

function show(api) {
  const main = document.querySelector("main"), sections = new Map();
  document.querySelector("#description").replaceChildren(
    `${api.info.description} Version ${api.info.version}, as `, element("a", {href: "openapi.json"}, "openapi.json"), ".");
  for (const [path, methods] of Object.entries(api.paths))
    for (const method of METHODS.filter(name => name in methods)) {
      const tag = methods[method].tags[0];
      if (!sections.has(tag)) sections.set(tag, main.appendChild(element("section", {}, element("h2", {}, tag))));
      sections.get(tag).append(operation(path, method, methods[method]));
    }
  main.append(element("h2", {}, "schemas"),
    ...Object.entries(api.components.schemas).map(([name, schema]) => folded([name], json(schema))));
}

fetch("openapi.json").then(answer => answer.json()).then(show).catch(() => {
  document.querySelector("#description").textContent = "openapi.json could not be loaded.";
});
