import { parseCertificate } from '../../src/identity/parse.ts';
import type { Certificate } from '../../src/identity/types.ts';
import { validateCertificate, type ValidationRequest } from '../../src/identity/validate.ts';
import { PortreeveError } from '../../src/lib/errors.ts';

type Rules = Omit<ValidationRequest, 'leaf' | 'intermediates' | 'anchors'>;

/** A suite's case put to path validation: certificates that cannot be read are no leaf, no anchor and no issuer. */
export function validateCase(
  o: {
    readonly leaf: Uint8Array;
    readonly sent: readonly Uint8Array[];
    readonly anchors: readonly Uint8Array[];
  },
  rules: Rules,
): { readonly valid: boolean; readonly lint: readonly string[]; readonly said: string } {
  const [leaf] = readable([o.leaf]);
  if (leaf === undefined) return { valid: false, lint: [], said: 'the leaf cannot be read' };
  const result = validateCertificate({
    leaf,
    intermediates: readable(o.sent),
    anchors: readable(o.anchors),
    ...rules,
  });
  const said = result.reasons.map(({ code, message }) => `${code} (${message})`).join(', ');
  return { valid: result.valid, lint: result.lint.map(({ code }) => code), said };
}

function readable(certificates: readonly Uint8Array[]): Certificate[] {
  return certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (thrown) {
      if (thrown instanceof PortreeveError) return [];
      throw thrown;
    }
  });
}
