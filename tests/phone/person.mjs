// A person at the page: what they tap, type and read, in Korean or English, on any screen size.
import fs from "node:fs";
import path from "node:path";
import { LIMIT_MS, PHONE, temporary } from "./kit.mjs";

// Large buttons bear a description after their name, so those are known by how they begin.
const WORDS = {
  receive: [/^받기/, /^Receive/],
  send: [/^보내기/, /^Send/],
  kept: [/^보관한 인증서/, /^Kept certificates/],
  next: ["다음", "Next"],
  number: ["상대 기기에 보이는 번호", "Number shown on the other device"],
  enterInstead: ["상대 기기의 번호를 여기에 입력하기", "Enter the other device's number instead"],
  withPermit: ["이 허가 코드로 번호 표시하기", "Show a number with this permit"],
  showInstead: ["여기에 번호 표시하기", "Show a number here instead"],
  startReceiving: ["받기 시작", "Start receiving"],
  connect: ["연결", "Connect"],
  notNow: ["나중에", "Not now"],
  moreTime: ["시간 연장", "More time"],
  stop: ["그만두기", "Stop"],
  agree: ["내 기기입니다. 보내기", "It is my device. Send"],
  disagree: ["보내지 않기", "Do not send"],
  howToSave: ["저장 방법 고르기", "Choose how to save"],
  refuse: ["받지 않기", "Do not take it"],
  folder: [/^폴더에 저장/, /^Save into a folder/],
  replace: ["있던 것을 백업하고 바꾸기", "Replace it, and keep the one that is there as a backup"],
  otherWay: ["다른 방법으로 저장하기", "Choose another way to save"],
  download: [/^파일로 내려받기/, /^Download as a file/],
  haveFile: ["파일이 있습니다", "I have the file"],
  onceMore: ["한 번 더", "Once more"],
  turnOnAndKeep: ["보관을 켜고 여기에 보관", "Turn keeping on, and keep it here"],
  keepHere: ["여기에 보관", "Keep it here"],
  turnOn: ["보관 켜기", "Turn keeping on"],
  turnOff: ["보관 끄기", "Turn keeping off"],
  deleteAll: ["네, 모두 지웁니다", "Yes, delete everything"],
  delete: ["지우기", "Delete"],
  deleteIt: ["네, 지웁니다", "Yes, delete it"],
  sendThis: ["보내기", "Send"],
  newNumber: [/^새 번호/, /new number$/],
  home: ["처음으로", "To the start"],
  scan: ["QR 코드 찍기", "Scan the QR code"],
  picture: ["QR 코드 사진 고르기", "Choose a picture of the code"],
  goOn: ["그래도 여기서 계속하기", "Go on here all the same"],
  openOutside: ["브라우저에서 열기", "Open in the browser"],
  done: ["완료", "Done"],
  back: ["뒤로", "Back"],
};

const STEADY = ["agree", "haveFile"];

// A key counts at once, where a finger counts only when such a button has stood still for a moment.
export function chosen(name, button, options = {}) {
  return STEADY.includes(name) ? button.press("Enter", options) : button.click(options);
}

export class Person {
  // One browser window of its own. The page's complaints are kept and must be none at the end.
  static async sit(browser, url, { prepare, isStarting, ...options } = {}) {
    const person = new Person();
    person.context = await browser.newContext({ ...PHONE, ...options });
    person.english = (options.locale ?? PHONE.locale).startsWith("en");
    person.complaints = [];
    person.requests = [];
    person.questions = [];
    person.answer = "accept";
    await person.look(await person.context.newPage());
    await prepare?.(person);
    await person.page.goto(url);
    if (!isStarting) await person.page.waitForSelector('main:not([data-screen="loading"])');
    return person;
  }

  async look(page) {
    this.page = page;
    page.setDefaultTimeout(LIMIT_MS);
    page.on("pageerror", (error) => this.complaints.push(String(error.stack ?? error)));
    page.on("request", (request) => this.requests.push(request.url()));
    page.on("dialog", (dialog) => {
      this.questions.push(dialog.type());
      dialog[this.answer]().catch(() => {});
    });
  }

  word(name) {
    return WORDS[name][this.english ? 1 : 0];
  }

  button(name) {
    return this.page.getByRole("button", { name: this.word(name), exact: true });
  }

  tap(name) {
    return chosen(name, this.button(name));
  }

  main(screen) {
    return this.page.locator(`main[data-screen="${screen}"]`);
  }

  at(screen) {
    return this.main(screen).waitFor();
  }

  // Waits until the screen says so.
  reads(text) {
    return this.page.getByText(text).first().waitFor();
  }

  // Taps "receive" and gives the number that is shown.
  async receive() {
    await this.tap("receive");
    return this.shownNumber();
  }

  async shownNumber() {
    return this.page.locator("[data-code]").getAttribute("data-code");
  }

  async enterNumber(code) {
    await this.tap("receive");
    await this.tap("enterInstead");
    await this.enter(code, "startReceiving");
  }

  async choose(files) {
    await this.at("send-choose");
    await this.page.locator("input[type=file]").first().setInputFiles(files);
    await this.page.locator(".cert").first().waitFor();
    for (const box of await this.page.getByRole("checkbox").all()) await box.check();
    await this.tap("next");
    await this.at("send-number");
  }

  async send(files) {
    await this.tap("send");
    await this.choose(files);
  }

  async enter(number, button = "connect") {
    await this.page.getByLabel(this.word("number")).fill(number);
    await this.tap(button);
  }

  async agree() {
    await this.at("send-consent");
    await this.tap("agree");
  }

  async toSaving() {
    await this.at("receive-confirm");
    await this.tap("howToSave");
    await this.at("receive-save");
  }

  // What arrives is downloaded; gives the downloaded file's path. The person then says that it is there.
  async save({ says = "haveFile" } = {}) {
    await this.toSaving();
    const file = await this.downloadBy("download");
    if (says) await this.tap(says);
    return file;
  }

  async downloadBy(button) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.tap(button)]);
    const file = path.join(temporary(), download.suggestedFilename());
    await download.saveAs(file);
    return file;
  }

  // The name of the failure that the page ended with.
  async failure() {
    await this.at("ended");
    return this.page.locator("[data-error]").getAttribute("data-error");
  }

  async complaint() {
    return this.page.locator("[data-error]").first().getAttribute("data-error");
  }

  async story() {
    const shown = await this.page.locator("body").innerText({ timeout: 5000 }).catch((error) => `(${error.message.split("\n")[0]})`);
    return [`page ${this.page.url()}`, shown, ...this.complaints].join("\n");
  }

  leave() {
    return this.context.close();
  }
}

// The files of one certificate folder, as a person would pick them.
export function filesOf(folder) {
  return fs.readdirSync(folder).map((name) => path.join(folder, name));
}
