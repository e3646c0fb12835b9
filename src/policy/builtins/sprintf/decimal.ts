/** Digits of a positive finite double: 0.d₁d₂d₃… × 10^point. Without trailing zeros; empty for zero. */
export interface Digits {
  readonly digits: string;
  readonly point: number;
}

/** The fewest digits that read as the same double. */
export function shortest(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1);
}

/** All digits of a double: it is a fraction by a power of two, whose digits end. */
export function exact(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const { mantissa, exponent } = binary(value);
  if (exponent >= 0) {
    const text = String(mantissa << BigInt(exponent));
    return trimmed(text, text.length);
  }
  const text = String(mantissa * 5n ** BigInt(-exponent));
  return trimmed(text, text.length + exponent);
}

/** The first `count` digits (0 and less are none), the last one rounded half to even. */
export function rounded(value: Digits, count: number): Digits {
  const { digits, point } = value;
  if (count >= digits.length) return value;
  if (count < 0) return { digits: '', point: 0 };
  const rest = digits.slice(count);
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  const up = rest > '5' || (rest === '5' && odd);
  if (!up) return trimmed(digits.slice(0, count), point);
  const text = String(BigInt(digits.slice(0, count) || '0') + 1n).padStart(count, '0');
  return trimmed(text, point + text.length - count);
}

/** A double as mantissa × 2^exponent, both whole. */
export function binary(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function trimmed(text: string, point: number): Digits {
  const digits = text.replace(/0+$/, '');
  return digits === '' ? { digits: '', point: 0 } : { digits, point };
}
