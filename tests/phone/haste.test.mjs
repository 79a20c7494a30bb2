// Taps that were meant for something else, and strangers who lead, frame or interrupt: nothing is agreed to, and what is said is seen.
import assert from "node:assert/strict";
import http from "node:http";
import { filesOf } from "./person.mjs";
import { serve } from "./site.mjs";
import { Stage, certFolder } from "./stage.mjs";

const stage = Stage.build({}, { args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });

const KAKAO = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 KAKAOTALK 11.0.0";

// A finger that is already on its way: it taps the button in the moment in which what selector names is there.
function tapAtOnce(page, selector, name) {
  return page.evaluate(([awaited, wanted]) => {
    const look = () => {
      const button = [...document.querySelectorAll("main button")].find((each) => each.textContent === wanted);
      if (window.hasTapped || !button || !document.querySelector(awaited)) return;
      window.hasTapped = true;
      button.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
    };
    window.hasTapped = false;
    new MutationObserver(look).observe(document.getElementById("main"), { childList: true, subtree: true, attributes: true });
  }, [selector, name]);
}

const tapped = (person) => person.page.waitForFunction(() => window.hasTapped);
const follow = (person, fragment) => person.page.evaluate((hash) => void (location.hash = hash), `#${fragment}`);
const isUsable = (person, name) => person.button(name).and(person.page.locator('[aria-disabled="false"]')).waitFor();

async function declined(person, receiver) {
  await tapped(person);
  await person.tap("disagree");
  await person.at("ended");
  assert.equal(await receiver.ended, 77, receiver.story());
}

stage.act("a tap on its way when the question comes is no consent", async () => {
  const receiver = stage.pc().import();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await tapAtOnce(person.page, 'main[data-screen="send-consent"]', person.word("agree"));
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.at("send-consent");
  await declined(person, receiver);
});

stage.act("nor is one when something above pushes the button under the finger", async () => {
  const receiver = stage.pc().import();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.at("send-consent");
  await isUsable(person, "agree");
  await tapAtOnce(person.page, '[data-error="link-damaged"]', person.word("agree"));
  await follow(person, "v=1");
  await declined(person, receiver);
});

stage.act("a link that is opened at the question is not taken in place of the device that was met", async () => {
  const receiver = stage.pc().import();
  const stranger = stage.pc().import();
  const { link } = await stranger.event((event) => event.link);
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.at("send-consent");
  await follow(person, link.split("#")[1]);
  await person.page.locator('[data-error="page-busy"]').waitFor();
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assert.equal(stranger.events().some((event) => event.event === "peer"), false);
});

stage.act("a second tap on the download does not say that the file is there", async () => {
  const person = await stage.sit();
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await tapAtOnce(person.page, ".question .button", person.word("haveFile"));
  await person.downloadBy("download");
  await tapped(person);
  await person.at("receive-save");
  assert.equal(sender.exit, undefined);
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
});

stage.act("the question after a download stays over another way that was given up, the other language, and the explanation", async () => {
  const prepare = ({ page }) => page.addInitScript(() => {
    window.showDirectoryPicker = async () => { throw new DOMException("", "AbortError"); };
  });
  const person = await stage.sit({ prepare });
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await person.downloadBy("download");
  await person.button("haveFile").waitFor();
  await person.tap("folder");
  await person.button("haveFile").waitFor();
  await person.page.locator("#tongue").click();
  await person.page.getByRole("button", { name: "I have the file", exact: true }).waitFor();
  await person.page.locator("#tongue").click();
  await person.page.locator(".foot").click();
  await person.at("explain");
  await person.tap("back");
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
});

stage.act("a folder that is picked after the transfer has ended is not touched", async () => {
  const prepare = ({ page }) => page.addInitScript(() => {
    window.showDirectoryPicker = () => new Promise((resolve) => (window.pick = resolve));
  });
  const person = await stage.sit({ prepare });
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await person.tap("folder");
  await sender.kill("SIGINT");
  assert.equal(await person.failure(), "peer-cancelled");
  const touched = await person.page.evaluate(async () => {
    const names = [];
    window.pick(new Proxy({}, { get: (_, name) => (name === "then" ? undefined : (names.push(String(name)), undefined)) }));
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setTimeout(resolve));
    return names;
  });
  assert.deepEqual(touched, []);
});

stage.act("saved while the sender stopped: the screen of the end says so", async () => {
  const prepare = ({ page }) => page.addInitScript(() => {
    const close = FileSystemWritableFileStream.prototype.close;
    FileSystemWritableFileStream.prototype.close = async function () {
      await (window.gate ??= new Promise((resolve) => (window.open = resolve)));
      return close.call(this);
    };
    window.showDirectoryPicker = async () => navigator.storage.getDirectory();
  });
  const person = await stage.sit({ prepare });
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await person.tap("folder");
  await person.page.waitForFunction(() => Boolean(window.gate));
  await person.page.locator("#tongue").click();
  await person.page.locator("#tongue").click();
  await person.tap("refuse"); // not while it is written
  await sender.kill("SIGINT");
  assert.equal(await person.failure(), "peer-cancelled");
  await person.page.evaluate(() => window.open());
  await person.reads("보낸 기기에만 알리지 못했습니다");
});

stage.act("deleting what is kept needs a second thought: not a double tap, not two Enters", async () => {
  const person = await stage.sitAtDesk();
  await person.tap("kept");
  await person.tap("turnOn");
  await tapAtOnce(person.page, "main .notice.warn", person.word("deleteAll"));
  await person.button("turnOff").focus();
  await person.page.keyboard.press("Enter");
  await tapped(person);
  await person.page.keyboard.press("Enter");
  await person.button("turnOff").waitFor();
  await person.tap("turnOff");
  await person.tap("deleteAll");
  await person.button("turnOn").waitFor();
});

stage.act("a link that is opened while a number is typed is proposed, not followed", async () => {
  const sockets = [];
  const prepare = ({ page }) => page.on("websocket", (socket) => sockets.push(socket.url()));
  const receiver = stage.pc().import();
  const sending = (await receiver.event((event) => event.link)).link.split("#")[1];
  const person = await stage.sit({ prepare });
  await person.send(filesOf(certFolder()));
  await follow(person, sending);
  await person.button("notNow").waitFor();
  assert.deepEqual(sockets, []);
  await person.tap("connect");
  await person.agree();
  await person.at("send-done");
  const sender = stage.pc().export(certFolder());
  const receiving = (await sender.event((event) => event.link)).link.split("#")[1];
  const other = await stage.sit({ prepare });
  sockets.length = 0;
  await other.tap("receive");
  await other.tap("enterInstead");
  sockets.length = 0;
  await follow(other, receiving);
  await other.button("notNow").waitFor();
  assert.deepEqual(sockets, []);
});

stage.act("a damaged link during a transfer is told where a person sees it, and costs nothing", async () => {
  const person = await stage.sit();
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  for (let i = 0; i < 2; i++) {
    await follow(person, "v=1");
    await person.page.locator('main [data-error="link-damaged"]').waitFor();
  }
  assert.equal(await person.page.locator("main [data-error]").count(), 1);
  await person.downloadBy("download");
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
});

stage.act("the camera takes the fault of a mistyped number away", async () => {
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter("4821 77");
  await person.page.locator('[data-error="code-too-short"]').waitFor();
  await person.tap("scan");
  await person.page.locator("video").waitFor();
  assert.equal(await person.page.locator("[data-error]").count(), 0);
  await person.page.locator('#number[aria-invalid="false"]').waitFor();
});

stage.act("inside another app, going on leads to the start when no link was opened", async () => {
  const person = await stage.sit({ userAgent: KAKAO });
  await person.at("unsupported");
  await person.tap("goOn");
  await person.at("start");
  assert.match(await person.receive(), /^\d{12}$/);
});

stage.act("within another site's frame the page offers nothing, whoever serves it", async () => {
  const site = await serve(stage.relay.url);
  const around = http.createServer((request, response) => {
    response.setHeader("content-type", "text/html").end(`<!doctype html><iframe src="${site.origin}/"></iframe>`);
  });
  await new Promise((resolve) => around.listen(0, "127.0.0.1", resolve));
  stage.add({ story: () => "frame", stop: () => (around.closeAllConnections(), around.close(), site.stop()) });
  const person = await stage.sitAtDesk({ isStarting: true }, `http://127.0.0.1:${around.address().port}/`);
  const inside = person.page.frameLocator("iframe");
  await inside.locator('[data-error="framed"]').waitFor();
  assert.equal(await inside.getByRole("button", { name: /^Send/ }).count(), 0);
  assert.equal(await inside.getByRole("link").getAttribute("target"), "_blank");
});
