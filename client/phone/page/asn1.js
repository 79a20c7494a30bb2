// ASN.1 as @peculiar/asn1-schema reads it: shapes are declared, and only what the library would write again is taken.
import { AsnArray, AsnParser, AsnProp, AsnPropTypes, AsnSerializer, AsnType, AsnTypeTypes } from "@peculiar/asn1-schema";
import { fault } from "./fault.js";

export const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utcTime: 0x17, time: 0x18, sequence: 0x30 };

const LIMITS = { maxDepth: 24, maxNodes: 4000, parseEmbedded: false };

const isPadded = (bytes) => bytes.length > 1 && (bytes[0] === 0 || bytes[0] === 0xff) && (bytes[0] & 0x80) === (bytes[1] & 0x80);

// What the library lets pass and OpenSSL does not, by tag.
const PROPER = {
  0x00: () => false,
  [TAG.boolean]: (bytes) => bytes.length === 1,
  [TAG.integer]: (bytes) => bytes.length > 0 && !isPadded(bytes),
  0x05: (bytes) => bytes.length === 0,
  [TAG.oid]: (bytes) => bytes.length > 0 && !bytes.some((byte, i) => byte === 0x80 && (i === 0 || bytes[i - 1] < 0x80)),
  0x10: () => false, // a SEQUENCE, and a SET, that is not marked as holding members
  0x11: () => false,
  0x1c: (bytes) => bytes.length % 4 === 0,
  0x1e: (bytes) => bytes.length % 2 === 0,
};

/** Any element: its tag, what it holds, and the library's own block. The library lets members reach beyond what holds them. */
class Element {
  fromASN(block) {
    const { idBlock, lenBlock, valueBeforeDecodeView: whole } = block;
    const from = idBlock.blockLength + lenBlock.blockLength;
    this.tag = whole[0];
    this.content = whole.subarray(from);
    if (from + lenBlock.length !== whole.length) {
      throw fault("damaged");
    }
    this.block = block;
    return this;
  }

  toASN() {
    return this.block;
  }
}

const elementOf = (block) => new Element().fromASN(block);
const childrenOf = ({ block }) => (block.valueBlock.value ?? []).map(elementOf);

function proper(element) {
  if (PROPER[element.tag]?.(element.content) === false) {
    throw fault("damaged");
  }
  return element;
}

/** What a SEQUENCE, SET or explicit tag holds. */
export const membersOf = (element) => childrenOf(element).map(proper);

/** An OBJECT IDENTIFIER, dotted. */
export const oidOf = ({ block }) => block.getValue();

function member(type, isWanted = () => true) {
  const fromASN = (block) => {
    const element = proper(elementOf(block));
    if (!isWanted(element)) {
      throw fault("damaged");
    }
    return element;
  };
  return { type: AsnPropTypes[type], converter: { fromASN, toASN: ({ block }) => block } };
}

export const boolean = member("Boolean");
export const integer = member("Integer");
export const bits = member("BitString");
export const octets = member("OctetString");
export const oid = member("ObjectIdentifier");
export const any = (isWanted) => member("Any", isWanted);

export const optional = (what) => ({ ...what, optional: true });
export const explicit = (number, what) => ({ ...what, context: number, optional: true });
export const implicit = (number, what) => ({ ...explicit(number, what), implicit: true });

/** A SEQUENCE of just these members, in their order. */
export function shape(members) {
  const Shape = class {};
  Object.entries(members).forEach(([name, what]) => AsnProp(what)(Shape.prototype, name));
  return { type: Shape };
}

function listOf(type, { type: itemType }) {
  const List = class extends AsnArray {
    constructor(items) {
      super(items);
      Object.setPrototypeOf(this, List.prototype);
    }
  };
  AsnType({ type, itemType })(List);
  return { type: List };
}

export const sequenceOf = (what) => listOf(AsnTypeTypes.Sequence, what);
export const setOf = (what) => listOf(AsnTypeTypes.Set, what);

/** The element of no known shape at the begin of bytes, whatever follows it. Throws. */
export const readElement = (bytes) => AsnParser.parse(bytes, Element, { berOptions: LIMITS });

const CONSTRUCTED = 0x20;

/** Tags and what the primitive ones hold: all but the form of lengths, which OpenSSL does not mind either. */
function isSame(one, other) {
  if (one.tag !== other.tag) {
    return false;
  }
  if (one.tag & CONSTRUCTED) {
    const [ones, others] = [childrenOf(one), childrenOf(other)];
    return ones.length === others.length && ones.every((each, i) => isSame(each, others[i]));
  }
  return one.content.length === other.content.length && one.content.every((byte, i) => byte === other.content[i]);
}

/** Reads what has this shape at the begin of bytes, whatever follows it. whole: its own bytes. Throws. */
export function read(bytes, { type }) {
  const value = AsnParser.parse(bytes, type, { berOptions: LIMITS });
  const found = readElement(bytes);
  if (!isSame(found, readElement(AsnSerializer.serialize(value)))) {
    throw fault("damaged");
  }
  return { value, whole: bytes.subarray(0, found.block.blockLength) };
}
