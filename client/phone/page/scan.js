// Reads a QR code with the camera, which is asked for only on a tap, or from a picture.
import { actions, button, h, icon, problem } from "./ui.js";
import { failure, t } from "./texts.js";

const LOOK_EVERY_MS = 150;
const PICTURE_MAX = 1600;

async function ownDetector() {
  if (typeof BarcodeDetector !== "function") return null;
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

function pixels(source, width, height) {
  const scale = Math.min(1, PICTURE_MAX / Math.max(width, height));
  const canvas = h("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// One function from a picture to a text or "": the browser's own, else the shipped one.
async function makeReader() {
  const detector = await ownDetector();
  if (detector) return async (source) => (await detector.detect(source))[0]?.rawValue ?? "";
  const { decode } = await import("./decode.js");
  return async (source, width, height, effort) => decode(pixels(source, width, height), effort);
}

function cameraFault(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "camera-denied";
  if (["NotFoundError", "OverconstrainedError"].includes(error.name)) return "camera-missing";
  return error.name === "NotReadableError" ? "camera-busy" : "camera-failed";
}

async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
}

async function readPicture(file) {
  const bitmap = await createImageBitmap(file);
  try {
    const read = await makeReader();
    return await read(bitmap, bitmap.width, bitmap.height, Infinity);
  } finally {
    bitmap.close();
  }
}

// onText gets what the code says and answers with the name of a failure, or nothing when it was taken. onStart: the person
// turns to the camera or to a picture, and what was said of something else is over.
export class Scanner {
  constructor(onText, onStart) {
    this.onText = onText;
    this.onStart = onStart;
    this.place = h("div", { class: "stack" });
    this.fault = h("div");
    this.node = h("div", { class: "stack" }, this.place, this.fault);
    this.stream = null;
    this.timer = 0;
    this.isWanted = false;
    this.close();
  }

  tell(name) {
    this.fault.replaceChildren(...(name ? [problem(failure(name))] : []));
  }

  stop() {
    this.isWanted = false;
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  close() {
    this.stop();
    const picture = h("input", { type: "file", accept: "image/*", onchange: (event) => this.picture(event.target) });
    this.place.replaceChildren(
      actions(
        button([icon("camera"), t("Scan the QR code")], () => this.start()),
        h("label", { class: "pick" }, picture, t("Choose a picture of the code")),
      ),
    );
  }

  take(text) {
    const name = this.onText(text);
    this.tell(name);
    if (!name) this.stop();
  }

  async start() {
    this.onStart();
    this.tell("");
    this.isWanted = true;
    try {
      const [stream, read] = await Promise.all([openCamera(), makeReader()]);
      this.stream = stream;
      if (!this.isWanted) return this.stop();
      return await this.look(await this.show(stream), read, "");
    } catch (error) {
      this.close();
      return this.tell(cameraFault(error));
    }
  }

  async show(stream) {
    const video = h("video", { playsinline: true, "aria-label": t("Camera picture") });
    video.muted = true;
    video.srcObject = stream;
    const hint = h("p", null, t("Hold the camera over the QR code on the other device."));
    const closing = button(t("Close the camera"), () => this.close());
    this.place.replaceChildren(video, hint, actions(closing));
    closing.focus();
    await video.play();
    return video;
  }

  // The same code is not judged twice in a row.
  async look(video, read, last) {
    if (!this.isWanted) return;
    const isReady = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    const text = isReady ? await read(video, video.videoWidth, video.videoHeight, 1).catch(() => "") : "";
    if (this.isWanted && text && text !== last) this.take(text);
    if (this.isWanted) this.timer = setTimeout(() => this.look(video, read, text || last), LOOK_EVERY_MS);
  }

  async picture(input) {
    const [file] = input.files;
    input.value = "";
    this.onStart();
    this.tell("");
    if (!file) return;
    const text = await readPicture(file).catch(() => "");
    if (text) this.take(text);
    else this.tell("no-code-in-picture");
  }
}
