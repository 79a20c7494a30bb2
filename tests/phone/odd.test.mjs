// Where the page is opened in the wrong place, and what another device may say of itself.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { filesBelow, samples } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Peer } from "./peer.mjs";
import { Stage, certFolder } from "./stage.mjs";

const NAME = "phone.test";
const stage = Stage.build({}, { args: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`] });
const LINK = "v=1&do=receive&code=482177301944&key=O56OK_nDubSu0ytfwYNtEQ";
const ANDROID = "Mozilla/5.0 (Linux; Android 14; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
const APPS = {
  KakaoTalk: [`${ANDROID} KAKAOTALK 11.0.0`, `${IPHONE} KAKAOTALK/11.0.0 (INAPP)`],
  NAVER: [`${ANDROID} NAVER(inapp; search; 2000; 12.8.50)`, `${IPHONE} NAVER(inapp; search; 1000; 12.8.50)`],
};

// Whether anything on the screen that could be followed or copied holds a part of the link.
function followable(page) {
  return page.evaluate(() => [...document.querySelectorAll("a, [href], [data-clipboard], .path")].map((node) => `${node.getAttribute("href")} ${node.textContent}`).join("\n"));
}

for (const [name, agents] of Object.entries(APPS)) {
  stage.act(`inside ${name} the real browser is named, and the number is in no link`, async () => {
    for (const userAgent of agents) {
      const sockets = [];
      const person = await stage.sit({ userAgent, prepare: ({ page }) => page.on("websocket", (socket) => sockets.push(socket)) }, `${stage.relay.origin}/#${LINK}`);
      await person.at("unsupported");
      assert.equal(await person.complaint(), "in-app-browser");
      await person.reads(name);
      const links = await followable(person.page);
      assert.ok(links.includes(`localhost:${stage.relay.port}`), links);
      for (const secret of ["482177301944", "O56OK", "v=1", "do=receive"]) assert.equal(links.includes(secret), false, links);
      assert.equal(new URL(person.page.url()).hash, "");
      assert.equal(sockets.length, 0);
      await person.tap("goOn");
      await person.button("startReceiving").waitFor();
      await person.leave();
    }
  });
}

stage.act("an address without TLS is told, and offers nothing", async () => {
  const person = await stage.sit({}, `http://${NAME}:${stage.relay.port}/#${LINK}`);
  await person.at("unsupported");
  assert.equal(await person.complaint(), "no-secure-context");
  assert.equal(await person.button("receive").count(), 0);
  assert.equal(new URL(person.page.url()).hash, "");
});

stage.act("a browser that lacks something is told what", async () => {
  for (const [name, take] of [["no-webassembly", () => delete window.WebAssembly], ["no-websocket", () => delete window.WebSocket]]) {
    const person = await stage.sit({ prepare: ({ page }) => page.addInitScript(take) });
    await person.at("unsupported");
    assert.equal(await person.complaint(), name);
    await person.leave();
  }
});

stage.act("a part that cannot be fetched is told, and trying again works", async () => {
  const person = await stage.sit({ prepare: ({ page }) => page.route("**/*.wasm", (route) => route.abort()) });
  await person.tap("receive");
  await person.at("unsupported");
  assert.equal(await person.complaint(), "core-failed");
  await person.page.unroute("**/*.wasm");
  await person.page.getByRole("button", { name: "다시 하기", exact: true }).click();
  assert.match(await person.receive(), /^\d{12}$/);
});

// What turns text round, hides it, or moves a cursor.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const NASTY = "\u202eknab\u202c \u0007\u001b[31mKB\u200b\u2066<b>bank</b>";
const SAID = { name: NASTY, platform: NASTY, program: NASTY };

async function assertHarmless(place) {
  const shown = await place.innerText();
  assert.ok(shown.includes("<b>bank</b>"), shown);
  assert.ok(shown.includes("\ufffd"), "what was taken out leaves a mark");
  assert.equal(UNSEEN.test(shown), false, JSON.stringify(shown));
  assert.equal(await place.locator("b").count(), 0);
  assert.ok(await place.locator("bdi").count() > 0, "in a direction of its own");
}

stage.act("what a sending device says of itself and of its file is shown harmless", async () => {
  const peer = stage.add(await Peer.sit(stage.chrome));
  const bytes = [...fs.readFileSync(filesBelow(samples()).find((file) => file.name.endsWith(".p12")).path)];
  const cert = { format: "pkcs12", owner: NASTY, issuer: NASTY, use: NASTY, notBefore: 0, notAfter: 0, files: [{ kind: "pkcs12", size: bytes.length, bytes }] };
  const person = await stage.sit();
  const met = peer.meet({ code: await person.receive(), relay: stage.relay.url, role: "sender", said: SAID, cert });
  await person.button("howToSave").waitFor();
  await assertHarmless(person.page.locator(".peer"));
  await assertHarmless(person.page.locator("li.cert"));
  const file = await person.save();
  assert.match(path.basename(file), /^[\w.-]+$/);
  await person.at("receive-done");
  assert.equal(await met, "done");
});

stage.act("what a receiving device says of itself is shown harmless", async () => {
  const peer = stage.add(await Peer.sit(stage.chrome));
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.tap("showInstead");
  const met = peer.meet({ code: await person.shownNumber(), relay: stage.relay.url, role: "receiver", said: SAID });
  await person.at("send-consent");
  await assertHarmless(person.page.locator(".peer"));
  await person.tap("disagree");
  assert.equal(await met, "peer-declined");
});
