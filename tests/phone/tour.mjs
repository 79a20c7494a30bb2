// Walks through every screen of the page, and shows each to whoever looks: with all its faults, questions and ends.
import fs from "node:fs";
import path from "node:path";
import { Relay, temporary } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { certFolder, mistyped, wrongNumber } from "./stage.mjs";

const IN_APP = "Mozilla/5.0 (Linux; Android 14; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 KAKAOTALK 10.8.0";

// A camera that needs no device and no permission.
export const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

// Opens what is folded, so that it is looked at, too.
function unfold(person) {
  return person.page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
}

async function atStart({ sit, look }) {
  const person = await sit();
  await look(person, "start");
  await person.page.locator("#bottom button").click();
  await person.at("explain");
  await look(person, "explain");
  await person.tap("back");
  await person.receive();
  await person.page.locator(".qr svg").waitFor();
  await look(person, "receive-showing");
  await person.page.reload();
  await person.page.locator("main .notice").waitFor();
  await look(person, "start-after-reload");
  return person;
}

async function entering({ look }, person) {
  await person.tap("receive");
  await person.tap("enterInstead");
  await person.page.locator("#number").waitFor();
  await look(person, "receive-entering");
  await person.enter(mistyped("482177301944"), "startReceiving");
  await person.page.locator("main [data-error]").waitFor();
  await look(person, "receive-mistyped");
  await person.tap("scan");
  await person.page.locator("video").waitFor();
  await look(person, "receive-scanning");
  await person.context.setOffline(true);
  await person.enter("482177301944", "startReceiving");
  await person.at("ended");
  await look(person, "ended-unreachable");
  await person.context.setOffline(false);
  await person.tap("home");
}

async function keeping({ look }, person) {
  await person.tap("kept");
  await person.button("turnOn").waitFor();
  await look(person, "keep-off");
  await person.tap("turnOn");
  await person.button("turnOff").waitFor();
  await look(person, "keep-empty");
  await person.tap("turnOff");
  await person.button("deleteAll").waitFor();
  await look(person, "keep-turn-off");
  await person.tap("deleteAll");
  await person.button("turnOn").waitFor();
  await person.tap("back");
}

async function choosing({ look }, person) {
  await person.tap("send");
  await person.at("send-choose");
  await look(person, "send-choose-empty");
  await person.page.locator("input[type=file]").first().setInputFiles(filesOf(certFolder()).filter((file) => !file.endsWith(".key")));
  await person.page.locator("main [data-error]").first().waitFor();
  await look(person, "send-choose-fault");
  await person.page.locator("input[type=file]").first().setInputFiles(filesOf(certFolder()));
  await person.page.locator(".cert").first().waitFor();
  await unfold(person);
  await look(person, "send-choose-found");
  await person.page.getByRole("checkbox").first().check();
  await person.tap("next");
  await person.at("send-number");
  await look(person, "send-entering");
}

// Both ends of one transfer are looked at; the receiver keeps the certificate as well.
async function transfer({ sit, look }, receiver) {
  const sender = await sit();
  await choosing({ look }, sender);
  await receiver.receive();
  await sender.enter(await receiver.shownNumber());
  await sender.at("send-consent");
  await look(sender, "send-consent");
  await receiver.at("receive-confirm");
  await look(receiver, "receive-waiting");
  await sender.tap("agree");
  await sender.at("send-progress");
  await look(sender, "send-progress");
  await receiver.button("howToSave").waitFor();
  await look(receiver, "receive-arrived");
  await receiver.toSaving();
  await look(receiver, "receive-save");
  await receiver.downloadBy("download");
  await receiver.button("haveFile").waitFor();
  await unfold(receiver);
  await look(receiver, "receive-question");
  await receiver.tap("turnOnAndKeep");
  await receiver.page.locator(".notice.good").waitFor();
  await look(receiver, "receive-done");
  await sender.at("send-done");
  await look(sender, "send-done");
  await receiver.tap("done");
  return sender;
}

async function kept({ look }, person) {
  await person.tap("kept");
  await person.page.locator(".cert").waitFor();
  await look(person, "keep-on");
  await person.tap("delete");
  await person.button("deleteIt").waitFor();
  await look(person, "keep-delete");
  await person.tap("back");
}

async function ends({ look }, receiver, sender) {
  const code = await receiver.receive();
  await sender.tap("done");
  await sender.send(filesOf(certFolder()));
  await sender.tap("showInstead");
  await sender.page.locator(".qr svg").waitFor();
  await look(sender, "send-showing");
  await sender.tap("stop");
  await sender.send(filesOf(certFolder()));
  await sender.enter(wrongNumber(code));
  await receiver.at("ended");
  await look(receiver, "ended-failure");
  await sender.at("ended");
  await look(sender, "ended-failure-sender");
  await receiver.tap("newNumber");
  await sender.tap("newNumber");
  await sender.enter(await receiver.shownNumber());
  await sender.at("send-consent");
  await sender.tap("disagree");
  await sender.at("ended");
  await look(sender, "ended-wish");
  await receiver.at("ended");
  await look(receiver, "ended-declined");
}

async function linked({ sit, look, origin }) {
  for (const [wish, name] of [["receive", "receive-invited"], ["send", "send-invited"]]) {
    const person = await sit({}, `${origin}/#v=1&do=${wish}&code=482177301944`);
    await person.at(wish === "receive" ? "receive" : "send-choose");
    await look(person, name);
  }
}

// An organisation's relay, of its own.
async function forbidden({ sit, look }) {
  const file = path.join(temporary(), "permits");
  fs.writeFileSync(file, "permit-of-the-tour\n", { mode: 0o600 });
  const relay = await Relay.start({ permits_file: file });
  try {
    const person = await sit({}, `${relay.origin}/`);
    await person.tap("receive");
    await person.at("ended");
    await look(person, "ended-forbidden");
    await person.page.locator("#permit").fill("short");
    await person.tap("withPermit");
    await person.page.locator("#permit-fault [data-error]").waitFor();
    await look(person, "ended-forbidden-malformed");
  } finally {
    await relay.stop();
  }
}

async function unsupported({ sit, look }) {
  const person = await sit({ userAgent: IN_APP });
  await person.at("unsupported");
  await look(person, "in-app");
  const block = (each) => each.page.route("**/*.wasm", (route) => route.abort());
  const cut = await sit({ prepare: block });
  await cut.tap("receive");
  await cut.at("unsupported");
  await look(cut, "core-failed");
}

// sit(options, url) gives a person, look(person, name) is awaited at each stop.
export async function tour(guide) {
  const person = await atStart(guide);
  await entering(guide, person);
  await keeping(guide, person);
  const sender = await transfer(guide, person);
  await kept(guide, person);
  await ends(guide, person, sender);
  await linked(guide);
  await forbidden(guide);
  await unsupported(guide);
}
