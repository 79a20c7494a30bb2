// The page's guards: what it may not run or ask for, what every answer says, and that its secrets are on no line and in no log.
import assert from "node:assert/strict";
import http from "node:http";
import { Cutter } from "./cut.mjs";
import { filesOf } from "./person.mjs";
import { Stage, certFolder } from "./stage.mjs";

const stage = Stage.build();
const SAID_ONCE = 12; // a random text of so many letters is in no file by chance

// Somebody else's server, that hears of every request.
async function elsewhere() {
  const heard = [];
  const server = http.createServer((request, response) => {
    heard.push(request.url);
    response.setHeader("Access-Control-Allow-Origin", "*").end("window.isForeign = true");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  stage.add({ story: () => `elsewhere: ${heard.join(" ")}`, stop: () => server.close() });
  return { heard, origin: `http://127.0.0.1:${server.address().port}` };
}

// What action(page) is stopped by: the directives that the browser names.
async function violations(page, action, given) {
  await page.evaluate(() => {
    window.violated = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violated.push(event.effectiveDirective));
  });
  await page.evaluate(action, given).catch(() => {}); // it may be refused by an exception, too
  await page.waitForFunction(() => window.violated.length > 0);
  return page.evaluate(() => [...new Set(window.violated)]);
}

const ATTEMPTS = {
  "an inline script": [["require-trusted-types-for", "script-src-elem"], () => {
    const script = document.createElement("script");
    script.append("window.isForeign = true");
    document.body.append(script);
  }],
  "an inline handler": [["require-trusted-types-for", "script-src-attr"], () => document.body.setAttribute("onclick", "window.isForeign = true")],
  "a foreign fetch": [["connect-src"], (origin) => fetch(origin).catch(() => {})],
  "a foreign beacon": [["connect-src"], (origin) => void navigator.sendBeacon(origin, "x")],
  "a foreign socket": [["connect-src"], (origin) => void new WebSocket(origin.replace("http", "ws"))],
  "a foreign picture": [["img-src"], (origin) => void Object.assign(new Image(), { src: `${origin}/x.png` })],
  "a foreign style": [["style-src-elem"], (origin) => document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: origin }))],
  "a frame": [["frame-src"], (origin) => document.body.append(Object.assign(document.createElement("iframe"), { src: origin }))],
  "a form": [["form-action"], (origin) => {
    const form = Object.assign(document.createElement("form"), { action: origin, method: "post" });
    document.body.append(form);
    form.submit();
  }],
  "another base": [["base-uri"], (origin) => document.head.append(Object.assign(document.createElement("base"), { href: origin }))],
};

stage.act("the policy stops what is not the page's own", async () => {
  const foreign = await elsewhere();
  for (const [name, [directives, action]] of Object.entries(ATTEMPTS)) {
    const person = await stage.sitAtDesk();
    await person.at("start");
    const violated = await violations(person.page, action, foreign.origin);
    assert.ok(violated.some((directive) => directives.includes(directive)), `${name}: ${violated}`);
    assert.equal(await person.page.evaluate(() => window.isForeign), undefined, name);
    await person.leave();
  }
  assert.deepEqual(foreign.heard, []);
});

stage.act("markup from texts and code from texts are refused by the browser", async () => {
  const person = await stage.sitAtDesk();
  await person.at("start");
  const refused = await person.page.evaluate(async () => {
    const attempt = (action) => {
      try {
        action();
        return "taken";
      } catch (error) {
        return error.constructor.name;
      }
    };
    const script = document.createElement("script");
    await new Promise((resolve) => setTimeout(resolve)); // what the driver itself calls may evaluate texts
    return {
      innerHTML: attempt(() => (document.body.innerHTML = "<b>x</b>")),
      insert: attempt(() => document.body.insertAdjacentHTML("beforeend", "<b>x</b>")),
      write: attempt(() => document.write("<b>x</b>")),
      src: attempt(() => (script.src = "https://example.org/x.js")),
      eval: attempt(() => (0, eval)("1")),
      function: attempt(() => new Function("return 1")),
      policy: attempt(() => trustedTypes.createPolicy("own", { createHTML: (text) => text })),
    };
  });
  for (const [name, what] of Object.entries(refused)) assert.ok(["TypeError", "EvalError"].includes(what), `${name}: ${what}`);
});

stage.act("every answer carries the guards", async () => {
  const answers = [];
  const person = await stage.sit({ prepare: ({ page }) => page.on("response", (response) => answers.push(response)) });
  await person.receive();
  await person.page.locator(".qr svg").waitFor();
  await person.page.waitForLoadState("networkidle");
  assert.ok(answers.length >= 5);
  for (const answer of answers.filter((each) => !each.url().startsWith("data:"))) {
    const heads = await answer.allHeaders();
    const policy = heads["content-security-policy"] ?? "";
    for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'",
      "require-trusted-types-for 'script'", "trusted-types 'none'"]) assert.ok(policy.includes(part), `${answer.url()}: ${part}`);
    assert.equal(heads["referrer-policy"], "no-referrer", answer.url());
    assert.equal(heads["x-content-type-options"], "nosniff", answer.url());
    assert.match(heads["permissions-policy"], /camera=\(self\)/, answer.url());
    assert.equal(heads["set-cookie"], undefined, answer.url());
  }
});

// What nobody but the two devices may ever see of a code, in every form that it may take on a line.
function secretsOf(code, link) {
  const key = /[?&#]key=([\w-]+)/.exec(link)[1];
  const raw = Buffer.from(key, "base64url");
  return [code.slice(4), code.slice(4, 11), code, key, raw.toString("latin1"), raw.toString("hex"), raw.toString("base64").slice(0, SAID_ONCE)];
}

function assertBlind(text, secrets, where) {
  for (const secret of secrets) assert.equal(text.includes(secret), false, `${secret} is in ${where}`);
}

function frames(page) {
  const sent = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(Buffer.from(payload).toString("latin1"))));
  return sent;
}

// All of a transfer, seen from the line, the relay's log, and the browser's own notes of where it was.
async function watched(person, cutter, secrets, sent) {
  const url = person.requests.join("\n");
  assert.ok(sent.length > 3);
  assertBlind(url, secrets, "an address");
  assertBlind(cutter.said(), secrets, "what the page sent");
  assertBlind(sent.join("\n"), secrets, "the frames");
  assertBlind(stage.relay.log(), secrets, "the relay's log");
  const devtools = await person.context.newCDPSession(person.page);
  const { entries } = await devtools.send("Page.getNavigationHistory");
  assertBlind(JSON.stringify(entries.map((entry) => [entry.url, entry.title])), [...secrets, "#v=1"], "the history");
  assertBlind(await person.page.evaluate(() => JSON.stringify([document.referrer, history.state, location.href])), [...secrets, "v=1"], "the page's own notes");
}

stage.act("a link's secret goes into no request, no frame, no log and no history", async () => {
  const cutter = stage.add(await Cutter.start(stage.relay.port));
  const program = stage.pc().export(certFolder());
  const { code, link } = await program.event((event) => event.link);
  let sent;
  const person = await stage.sit({ prepare: ({ page }) => (sent = frames(page)) }, `${cutter.origin}/#${link.split("#")[1]}`);
  await person.tap("startReceiving");
  await person.save();
  await person.at("receive-done");
  assert.equal(await program.ended, 0);
  await watched(person, cutter, secretsOf(code, link), sent);
});

stage.act("nor does that of a code that the page itself shows", async () => {
  const cutter = stage.add(await Cutter.start(stage.relay.port));
  let sent;
  const person = await stage.sit({ prepare: ({ page }) => (sent = frames(page)) }, `${cutter.origin}/`);
  await person.send(filesOf(certFolder()));
  await person.tap("showInstead");
  const code = await person.shownNumber();
  const program = stage.pc().import({ code });
  await person.agree();
  await person.at("send-done");
  assert.equal(await program.ended, 0);
  await watched(person, cutter, [code.slice(4), code.slice(4, 11), code], sent);
});

stage.act("the certificate's bytes and owner are on no line", async () => {
  const cutter = stage.add(await Cutter.start(stage.relay.port));
  let sent;
  const person = await stage.sit({ prepare: ({ page }) => (sent = frames(page)) }, `${cutter.origin}/`);
  const program = stage.pc().import();
  await person.send(filesOf(certFolder()));
  await person.enter((await program.event((event) => event.code)).code);
  await person.agree();
  await person.at("send-done");
  assert.equal(await program.ended, 0);
  const line = sent.join("\n");
  assert.ok(line.length > 4096, "the certificate was sent");
  assertBlind(line, [Buffer.from("김영희").toString("latin1"), "signGATE", "Chrome", "-----BEGIN", "signCert"], "the frames");
});
