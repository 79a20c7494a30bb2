// The page as one file, from a server that is not the relay's, with its relay built in: a whole transfer, under its own policy.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { temporary } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

let single, heard, origin;
const stage = Stage.build({ page: "off" }, {}, async ({ relay }) => {
  single = buildSingle(relay.url);
  ({ heard, origin } = await serveFile(single));
});

// Built as CR_PAGE_RELAY would, in a tree of its own, so that the build's own page stays.
function buildSingle(relay) {
  const js = temporary();
  const wanted = (name) => ["client", "node_modules", "core.wasm", "told.json", "tables.json"].includes(name) || name.endsWith(".mo");
  for (const name of fs.readdirSync(".").filter(wanted)) fs.symlinkSync(path.resolve(name), path.join(js, name));
  const out = path.join(js, "single.html");
  execFileSync(process.execPath, ["client/phone/build.mjs", js, path.join(js, "page"), out, relay], { cwd: js, stdio: "pipe" });
  return out;
}

// A web server that knows one file and sends no header of ours.
async function serveFile(file) {
  const heard = [];
  const server = http.createServer((request, response) => {
    heard.push(request.url);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    if (request.url === "/certrelay.html") fs.createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return { heard, origin: `http://localhost:${server.address().port}` };
}

const sit = (hash = "") => stage.sit({}, `${origin}/certrelay.html${hash}`);

stage.act("PC to page and page to PC, and nothing but the one file was asked for", async () => {
  const first = await sit();
  const sender = stage.pc().export(certFolder(), { code: await first.receive() });
  const zip = await first.save();
  await first.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
  const pc = stage.pc();
  const receiver = pc.import({ options: ["--page", `${origin}/certrelay.html`] });
  const { link } = await receiver.event((event) => event.link);
  const second = await sit(`#${link.split("#")[1]}`);
  await second.choose(filesOf(certFolder()));
  await second.tap("connect");
  await second.agree();
  await second.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
  assert.deepEqual([...new Set(heard)], ["/certrelay.html"]);
});

stage.act("its code reader is in it, and works", async () => {
  const receiver = await sit();
  await receiver.receive();
  const picture = path.join(temporary(), "code.png");
  await receiver.page.locator(".qr").screenshot({ path: picture });
  const sender = await sit();
  await sender.send(filesOf(certFolder()));
  await sender.page.locator("input[type=file]").setInputFiles(picture);
  await sender.agree();
  await receiver.save();
  await sender.at("send-done");
});

stage.act("its own policy stops other scripts, markup and other servers", async () => {
  const person = await sit();
  await person.at("start");
  const told = await person.page.evaluate(async () => {
    const violated = [];
    document.addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
    const script = document.createElement("script");
    const attempt = (action) => { try { action(); } catch { violated.push("exception"); } };
    attempt(() => script.append("window.isForeign = true"));
    attempt(() => document.body.append(script));
    attempt(() => (document.body.innerHTML = "<b>x</b>"));
    await fetch("http://127.0.0.1:1/").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve));
    return { violated, isForeign: window.isForeign === true, bold: document.querySelectorAll("b").length };
  });
  assert.ok(told.violated.includes("connect-src") && told.violated.includes("require-trusted-types-for"), JSON.stringify(told));
  assert.deepEqual([told.isForeign, told.bold], [false, 0]);
});

stage.act("opened from the disk it works too", async () => {
  const person = await stage.sit({}, pathToFileURL(single).href);
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});
