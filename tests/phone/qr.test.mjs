// QR codes: read by a (fake) camera or from a picture, by the browser's reader or the shipped one; and links, which do nothing by themselves.
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { dotsOf, film } from "./picture.mjs";
import { Stage, assertStore, certFolder } from "./stage.mjs";

const SEEN = path.join(temporary(), "seen.y4m");
film(SEEN);
const stage = Stage.build({}, {
  args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${SEEN}`],
});

// A reader as phones have one, that says what it was told.
const withReader = (text) => ({ page }) => page.addInitScript((said) => {
  window.BarcodeDetector = class {
    static getSupportedFormats = async () => ["qr_code"];
    detect = async () => (said ? [{ rawValue: said }] : []);
  };
}, text);

const withoutReader = ({ page }) => page.addInitScript(() => delete window.BarcodeDetector);

// A page that shows its code, and the link in it as another page would read it.
async function shower() {
  const person = await stage.sit({}, `${stage.relay.origin}/`);
  const code = await person.receive();
  return { person, code };
}

const scripts = (person) => person.requests.filter((url) => url.endsWith(".js"));

async function received(receiver, sender) {
  await sender.agree();
  const zip = await receiver.save();
  await receiver.at("receive-done");
  await sender.at("send-done");
  assertStore(stage.pc(), zip);
}

stage.act("the camera's picture is read by the shipped reader, which is fetched only then", async () => {
  const { person: receiver } = await shower();
  film(SEEN, await dotsOf(receiver.page));
  const sender = await stage.sit({ prepare: withoutReader });
  await sender.send(filesOf(certFolder()));
  await sender.page.waitForLoadState("networkidle");
  const before = scripts(sender);
  await sender.tap("scan");
  await sender.at("send-consent");
  const fetched = scripts(sender).filter((url) => !before.includes(url));
  assert.ok(fetched.length > 0, scripts(sender).join(" "));
  await received(receiver, sender);
});

stage.act("the browser's own reader is used where there is one", async () => {
  const pc = stage.pc();
  const program = pc.import();
  const { link } = await program.event((event) => event.link);
  const sender = await stage.sit({ prepare: withReader(link) });
  await sender.send(filesOf(certFolder()));
  await sender.page.waitForLoadState("networkidle");
  const before = scripts(sender);
  await sender.tap("scan");
  await sender.agree();
  await sender.at("send-done");
  assert.deepEqual(scripts(sender), before, "nothing more was fetched");
  assert.equal(await program.ended, 0);
});

stage.act("a picture of the code is read; one without says so", async () => {
  const { person: receiver } = await shower();
  const picture = path.join(temporary(), "code.png");
  await receiver.page.locator(".qr").screenshot({ path: picture });
  const wall = path.join(temporary(), "wall.png");
  await receiver.page.getByRole("timer").screenshot({ path: wall });
  const sender = await stage.sit({ prepare: withoutReader });
  await sender.send(filesOf(certFolder()));
  const choose = (file) => sender.page.locator("input[type=file]").setInputFiles(file);
  await choose(wall);
  await sender.page.locator('[data-error="no-code-in-picture"]').waitFor();
  await choose(picture);
  await received(receiver, sender);
});

stage.act("a foreign code, and one for the other part, are told and cost nothing", async () => {
  const program = stage.pc().export(certFolder());
  const { link } = await program.event((event) => event.link);
  for (const [text, name] of [["https://example.org/", "not-our-code"], ["https://example.org/#v=1&do=send", "link-damaged"], [link, "link-wants-receive"]]) {
    const person = await stage.sit({ prepare: withReader(text) });
    await person.send(filesOf(certFolder()));
    await person.tap("scan");
    await person.page.locator(`[data-error="${name}"]`).waitFor();
    assert.equal(await person.page.locator("main").getAttribute("data-screen"), "send-number");
    await person.leave();
  }
  assert.equal(program.events().some((event) => event.event === "peer"), false);
});

stage.act("no camera, or a no to it, is told, and the number can still be typed", async () => {
  for (const [fault, name] of [["NotAllowedError", "camera-denied"], ["NotFoundError", "camera-missing"], ["NotReadableError", "camera-busy"]]) {
    const person = await stage.sit({ prepare: ({ page }) => page.addInitScript((error) => {
      MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("", error); };
    }, fault) });
    await person.send(filesOf(certFolder()));
    await person.tap("scan");
    await person.page.locator(`[data-error="${name}"]`).waitFor();
    await person.page.getByLabel(person.word("number")).waitFor();
    await person.leave();
  }
});

stage.act("opening a link joins nothing: the device that shows the number waits on, until the tap", async () => {
  const pc = stage.pc();
  const program = pc.import();
  const { link } = await program.event((event) => event.link);
  const sockets = [];
  const person = await stage.sit({ prepare: ({ page }) => page.on("websocket", (socket) => sockets.push(socket.url())) },
    `${stage.relay.origin}/#${link.split("#")[1]}`);
  await person.choose(filesOf(certFolder()));
  await person.button("connect").waitFor();
  await person.page.waitForLoadState("networkidle");
  assert.deepEqual(sockets, []);
  assert.equal(program.events().some((event) => event.event === "peer"), false);
  await person.tap("notNow");
  await person.at("start");
  const other = await stage.sit({}, `${stage.relay.origin}/#${link.split("#")[1]}`);
  await other.choose(filesOf(certFolder()));
  await other.tap("connect");
  await other.agree();
  await other.at("send-done");
  assert.equal(await program.ended, 0);
});

stage.act("a link to receive joins nothing either", async () => {
  const program = stage.pc().export(certFolder());
  const { link } = await program.event((event) => event.link);
  const sockets = [];
  const person = await stage.sit({ prepare: ({ page }) => page.on("websocket", (socket) => sockets.push(socket.url())) },
    `${stage.relay.origin}/#${link.split("#")[1]}`);
  await person.button("startReceiving").waitFor();
  await person.page.waitForLoadState("networkidle");
  assert.deepEqual(sockets, []);
  await person.tap("startReceiving");
  await person.save();
  assert.equal(await program.ended, 0);
});

stage.act("a link opened while another screen is on show: refused by role, proposed, or not at the cost of a transfer", async () => {
  const program = stage.pc().import();
  const { link } = await program.event((event) => event.link);
  const follow = (person) => person.page.evaluate((hash) => void (location.hash = hash), `#${link.split("#")[1]}`);
  const person = await stage.sit();
  await person.tap("receive");
  await person.tap("enterInstead");
  await follow(person);
  await person.page.locator('[data-error="link-wants-send"]').waitFor();
  assert.equal(new URL(person.page.url()).hash, "");
  await person.tap("back");
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  person.answer = "dismiss";
  await follow(person);
  await person.reads("전송 중이라 새 QR 코드를 받지 않았습니다.");
  assert.deepEqual(person.questions, ["confirm"]);
  await person.downloadBy("download");
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assert.equal(program.events().some((event) => event.event === "peer"), false);
});
