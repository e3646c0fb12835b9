/** The closed list of fault codes. A deny is never one of these: denies are values with reasons. */
export const errorCodes = [
  'PDP_CONFIG_INVALID',
  'PDP_USAGE',
  'PDP_INPUT_MALFORMED',
  'PDP_LIMIT_EXCEEDED',
  'PDP_DER_INVALID',
  'PDP_CERTIFICATE_INVALID',
  'PDP_CRL_INVALID',
  'PDP_CRL_REFUSED',
  'PDP_OCSP_INVALID',
  'PDP_INVENTORY_INVALID',
  'PDP_KEYS_INVALID',
  'PDP_LOCKOUT',
  'PDP_SOURCE_UNAVAILABLE',
  'PDP_SOURCE_REFUSED',
  'PDP_STORE_UNAVAILABLE',
  'PDP_STORE_NEWER',
  'PDP_STATE_OLDER',
  'PDP_FORMAT_NEWER',
  'PDP_BUNDLE_INVALID',
  'PDP_BUNDLE_SIGNATURE_MISSING',
  'PDP_BUNDLE_SIGNATURE_MALFORMED',
  'PDP_BUNDLE_SIGNATURE_ALGORITHM',
  'PDP_BUNDLE_SIGNATURE_KEY_UNKNOWN',
  'PDP_BUNDLE_SIGNATURE_WRONG',
  'PDP_BUNDLE_SIGNATURE_SCOPE',
  'PDP_BUNDLE_SIGNATURE_FILE_ADDED',
  'PDP_BUNDLE_SIGNATURE_FILE_MISSING',
  'PDP_BUNDLE_SIGNATURE_FILE_CHANGED',
  'PDP_PROJECT_INVALID',
  'PDP_POLICY_INVALID',
  'PDP_OPA_UNAVAILABLE',
  'PDP_POLICY_UNDEFINED',
  'PDP_POLICY_TRAP',
  'PDP_POLICY_TIMEOUT',
  'PDP_AUDIT_UNAVAILABLE',
  'PDP_LISTEN_FAILED',
  'PDP_CHANNEL_BROKEN',
  'PDP_CASES_INVALID',
  'PDP_CASES_FAILED',
  'PDP_NOT_FOUND',
  'PDP_INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one class that this program throws. `message` says what, where and what to do; `cause` is kept. */
export class PortreeveError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PortreeveError';
    this.code = code;
  }
}

/** Turns whatever was thrown (libraries throw strings and plain objects too) into a PortreeveError. */
export function asPortreeveError(thrown: unknown, code: ErrorCode = 'PDP_INTERNAL'): PortreeveError {
  if (thrown instanceof PortreeveError) return thrown;
  return new PortreeveError(code, describeThrown(thrown), { cause: thrown });
}

/** A readable text of anything that can be thrown. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}
