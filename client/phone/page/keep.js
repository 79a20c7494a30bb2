// Certificates kept on this phone, if the person wants that: sealed by a key that the browser never gives out.
import { checkArrived, daysLeft, factsOf, shownCert, stateOf } from "./cert.js";
import { fault } from "./fault.js";
import { isSameCert } from "./places.js";

const DATABASE = "certrelay-keep";
const VERSION = 1;
const KEY = "key";
const ALGORITHM = "AES-GCM";
const IV_BYTES = 12;
const ID_BYTES = 16;
const HEAD_BYTES = 4;
const IDS = { QuotaExceededError: "no-space", OperationError: "damaged-cert" };

const faultOf = (error) => (error?.id ? error : fault(IDS[error?.name] ?? "keep-unavailable", error));

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function committed(transaction) {
  const promise = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? fault("keep-unavailable"));
  });
  promise.catch(() => {}); // it may be awaited late, or never
  return promise;
}

function makeStores(request) {
  request.result.createObjectStore("keys");
  request.result.createObjectStore("certs");
}

/** A database that is not there is left to make(request): an upgrade that is aborted leaves none behind. */
async function openDatabase(make) {
  const request = indexedDB.open(DATABASE, VERSION);
  request.onupgradeneeded = () => make(request);
  const database = await done(request);
  database.addEventListener("versionchange", () => database.close());
  return database;
}

/** null when there is none. */
function openKept() {
  let isThere = true;
  const leave = (request) => {
    isThere = false;
    request.transaction.abort();
  };
  return openDatabase(leave).catch((error) => (isThere ? Promise.reject(error) : null));
}

async function mayBeThere() {
  const list = await indexedDB.databases?.().catch(() => null);
  return list?.some(({ name }) => name === DATABASE) ?? true;
}

/** Runs action(database, key) while keep is on. otherwise: what to give when it is off. */
async function whileKept(action, otherwise) {
  let database = null;
  try {
    database = globalThis.indexedDB && (await mayBeThere()) ? await openKept() : null;
    const key = database && (await done(database.transaction("keys").objectStore("keys").get(KEY)));
    return key ? await action(database, key) : otherwise();
  } catch (error) {
    throw faultOf(error);
  } finally {
    database?.close();
  }
}

const refuse = () => Promise.reject(fault("keep-unavailable"));

export function isKept() {
  return whileKept(() => true, () => false).catch(() => false);
}

/** Asks the browser not to clear what is kept when space runs short. It may say no, and need not ask the person. */
export async function askPersist() {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

async function addKey(database) {
  const made = await crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ["encrypt", "decrypt"]);
  const transaction = database.transaction("keys", "readwrite");
  const store = transaction.objectStore("keys");
  const finished = committed(transaction);
  const there = await done(store.get(KEY));
  if (there === undefined) {
    store.put(made, KEY);
  }
  await finished;
}

/** Turns it on; on already, it changes nothing. Returns {isPersistent}. Throws keep-unavailable, no-space. */
export async function turnOn() {
  let database = null;
  let isNew = false;
  try {
    database = await openDatabase((request) => {
      isNew = true;
      makeStores(request);
    });
    await addKey(database);
  } catch (error) {
    database?.close();
    await (isNew && turnOff().catch(() => {}));
    throw faultOf(error);
  }
  database.close();
  if (!(await isKept())) {
    throw fault("keep-unavailable");
  }
  return { isPersistent: await askPersist() };
}

/** Deletes the key and all that is kept. */
export async function turnOff() {
  try {
    await done(indexedDB.deleteDatabase(DATABASE));
  } catch (error) {
    throw faultOf(error);
  }
}

const parametersOf = (id, iv) => ({ name: ALGORITHM, iv, additionalData: new TextEncoder().encode(`${DATABASE} ${VERSION} ${id}`) });

/** Length of the head, head, then all files' bytes: nothing of it lies open. */
function pack(cert) {
  const { files, ...rest } = cert;
  const head = new TextEncoder().encode(JSON.stringify({ ...rest, files: files.map(({ kind, size }) => ({ kind, size })) }));
  const packed = new Uint8Array(HEAD_BYTES + head.length + files.reduce((sum, { size }) => sum + size, 0));
  new DataView(packed.buffer).setUint32(0, head.length);
  packed.set(head, HEAD_BYTES);
  let at = HEAD_BYTES + head.length;
  for (const { bytes, size } of files) {
    packed.set(bytes, at);
    at += size;
  }
  return packed;
}

function unpack(packed) {
  const headBytes = new DataView(packed.buffer).getUint32(0);
  const cert = JSON.parse(new TextDecoder().decode(packed.subarray(HEAD_BYTES, HEAD_BYTES + headBytes)));
  let at = HEAD_BYTES + headBytes;
  const files = cert.files.map(({ kind, size }) => ({ kind, size, bytes: packed.slice(at, (at += size)) }));
  return { ...cert, files };
}

function randomHex(length) {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function seal(key, cert) {
  const id = randomHex(ID_BYTES);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const packed = pack(cert);
  const sealed = await crypto.subtle.encrypt(parametersOf(id, iv), key, packed);
  packed.fill(0);
  return { id, record: { version: VERSION, iv, sealed } };
}

async function unseal(key, id, record) {
  if (record?.version !== VERSION) {
    throw fault(record === undefined ? "not-found" : "damaged-cert");
  }
  return unpack(new Uint8Array(await crypto.subtle.decrypt(parametersOf(id, record.iv), key, record.sealed)));
}

const certsStore = (database) => database.transaction("certs").objectStore("certs");

async function readRecord(database, key, id) {
  return unseal(key, id, await done(certsStore(database).get(id)));
}

/** [{id, cert}] or, of what no longer opens, [{id, fault}]. */
async function readAll(database, key) {
  const ids = await done(certsStore(database).getAllKeys());
  const read = (id) => readRecord(database, key, id).then((cert) => ({ id, cert }), (error) => ({ id, fault: faultOf(error).id }));
  return Promise.all(ids.map(read));
}

const withoutBytes = (cert) => ({ ...cert, files: cert.files.map(({ kind, size }) => ({ kind, size })) });

function listed({ id, cert, fault: why }, tables, now) {
  if (cert === undefined) {
    return { id, cert: null, facts: null, state: null, daysLeft: null, fault: why };
  }
  const facts = factsOf(cert, tables);
  const shown = withoutBytes(cert);
  return { id, cert: shown, facts, state: facts && stateOf(facts, now), daysLeft: facts && daysLeft(facts, now), fault: null };
}

/** [{id, cert without bytes, facts or null, state, daysLeft, fault}]; what runs out first comes first. */
export function list(tables, now) {
  const soonest = (one, other) => (one.facts?.notAfter ?? Infinity) - (other.facts?.notAfter ?? Infinity) || 0;
  return whileKept(async (database, key) => (await readAll(database, key)).map((each) => listed(each, tables, now)).sort(soonest), () => []);
}

/** The certificate with all bytes. Throws not-found, damaged-cert. */
export function get(id) {
  return whileKept((database, key) => readRecord(database, key, id), refuse);
}

async function change(database, act) {
  const transaction = database.transaction("certs", "readwrite");
  const finished = committed(transaction);
  act(transaction.objectStore("certs"));
  await finished;
}

/** Facts, not the peer's texts, are what is kept beside the files; of a sealed PKCS#12 the owner as it was shown. */
const ownWords = (cert, tables) => shownCert(factsOf(cert, tables) ?? { owner: cert.owner }, cert.format, cert.files);

async function readBack(database, key, id, cert) {
  const there = await readRecord(database, key, id).catch(() => null);
  if (there === null || !isSameCert(there, cert)) {
    throw fault("read-back");
  }
}

async function putAll(database, key, certs) {
  const kept = (await readAll(database, key)).filter(({ cert }) => cert !== undefined);
  const fresh = certs.filter((cert) => !kept.some((each) => isSameCert(each.cert, cert)));
  const sealed = await Promise.all(fresh.map((cert) => seal(key, cert)));
  const remove = () => change(database, (store) => sealed.forEach(({ id }) => store.delete(id)));
  try {
    await change(database, (store) => sealed.forEach(({ id, record }) => store.add(record, id)));
    await Promise.all(sealed.map(({ id }, i) => readBack(database, key, id, fresh[i])));
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
  return [...kept.filter(({ cert }) => certs.some((each) => isSameCert(each, cert))).map(({ id }) => id), ...sealed.map(({ id }) => id)];
}

/** Keeps all of them or none, and has read them back when it resolves to their ids. The same certificate is kept once. */
export async function put(certs, tables) {
  checkArrived(certs);
  return whileKept((database, key) => putAll(database, key, certs.map((cert) => ownWords(cert, tables))), refuse);
}

export function remove(id) {
  return whileKept((database) => change(database, (store) => store.delete(id)), refuse);
}
