// A folder in memory with the face of the browser's folders, which fails where it is told to.

const problem = (name) => new DOMException("as told", name);

class FakeFile {
  kind = "file";

  constructor(disk, parent, name) {
    Object.assign(this, { disk, parent, name });
    if (disk.canMove) {
      this.move = (to) => this.moveTo(to);
    }
  }

  get node() {
    if (!(this.parent.children.get(this.name) instanceof Uint8Array)) {
      throw problem("NotFoundError");
    }
    return this.parent.children.get(this.name);
  }

  async getFile() {
    this.disk.step("read");
    return new Blob([this.node]);
  }

  async createWritable() {
    this.disk.step("create");
    let written = new Uint8Array(0);
    return {
      write: async (bytes) => {
        this.disk.step("write");
        written = Uint8Array.from(bytes);
      },
      close: async () => {
        this.disk.step("close");
        this.disk.writes++;
        this.parent.children.set(this.name, this.disk.spoil(written));
      },
      abort: async () => {},
    };
  }

  async moveTo(to) {
    this.disk.step("move");
    this.disk.writes++;
    this.parent.children.set(to, this.disk.spoilMoved(this.node));
    this.parent.children.delete(this.name);
  }
}

class FakeFolder {
  kind = "directory";

  constructor(disk, name, children) {
    Object.assign(this, { disk, name, children });
  }

  async *entries() {
    this.disk.step("list");
    for (const [name, node] of [...this.children]) {
      yield [name, this.handle(name, node)];
    }
  }

  handle(name, node) {
    return node instanceof Map ? new FakeFolder(this.disk, name, node) : new FakeFile(this.disk, this, name);
  }

  child(name, options, Type, empty) {
    this.disk.step("open");
    if (!this.children.has(name) && options?.create) {
      this.disk.writes++;
      this.children.set(name, empty());
    }
    const node = this.children.get(name);
    if (node === undefined) {
      throw problem("NotFoundError");
    }
    if (!(node instanceof Type)) {
      throw problem("TypeMismatchError");
    }
    return this.handle(name, node);
  }

  async getDirectoryHandle(name, options) {
    return this.child(name, options, Map, () => new Map());
  }

  async getFileHandle(name, options) {
    return this.child(name, options, Uint8Array, () => new Uint8Array(0));
  }

  async removeEntry(name) {
    this.disk.step("remove");
    const node = this.children.get(name);
    if (node === undefined) {
      throw problem("NotFoundError");
    }
    if (node instanceof Map && node.size > 0) {
      throw problem("InvalidModificationError");
    }
    this.disk.writes++;
    this.children.delete(name);
  }
}

export class Disk {
  steps = 0;
  writes = 0;
  failAt = Infinity;
  failsForGood = false;
  failName = "QuotaExceededError";
  spoil = (bytes) => bytes;
  spoilMoved = (bytes) => bytes;

  constructor(name, { canMove = true } = {}) {
    this.canMove = canMove;
    this.root = new FakeFolder(this, name, new Map());
  }

  step() {
    this.steps++;
    if (this.steps === this.failAt || (this.failsForGood && this.steps > this.failAt)) {
      throw problem(this.failName);
    }
  }

  /** Fails at the step-th step from now; for good, or once. */
  failFromNow(step, isForGood, name = "QuotaExceededError") {
    Object.assign(this, { failAt: this.steps + step, failsForGood: isForGood, failName: name });
  }

  put(path, bytes) {
    const parts = path.split("/");
    const name = parts.pop();
    let at = this.root.children;
    for (const part of parts) {
      at.set(part, at.get(part) ?? new Map());
      at = at.get(part);
    }
    at.set(name, bytes);
  }

  /** [[path, bytes in hexadecimal]], sorted by path; empty folders end in a slash. */
  content() {
    return this.walk(this.root.children, "").sort(([one], [other]) => (one < other ? -1 : 1));
  }

  walk(children, prefix) {
    return [...children].flatMap(([name, node]) => {
      if (!(node instanceof Map)) {
        return [[prefix + name, Buffer.from(node).toString("hex")]];
      }
      return node.size === 0 ? [[prefix + name + "/", ""]] : this.walk(node, prefix + name + "/");
    });
  }
}
