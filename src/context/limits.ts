/** Every limit on what a PEP may send, in one place. Over a limit is a deny with `system.input_invalid`. */
export const limits = {
  /** Bytes of one request. Longer ones are not decoded, and denied as malformed. */
  messageBytes: 256 * 1024,
  /**
   * Bytes that the transport takes in before it refuses a message itself. Above `messageBytes` on purpose: a refusal
   * of the transport is a gRPC error, which a PEP may be configured to let through; a denial is not.
   */
  transportBytes: 4 * 1024 * 1024,
  /** Connections of one batch; each is a request under `messageBytes`, and all together stay under `transportBytes`. */
  batchItems: 256,
  /** Characters of one URL-encoded PEM certificate (an ML-DSA-87 leaf is about 12 KB). */
  certificateText: 64 * 1024,
  /** Bytes of one DER certificate. */
  certificateDer: 48 * 1024,
  /** Bytes of a stapled OCSP response. */
  stapledOcsp: 64 * 1024,
  /** Certificates in a sent chain, leaf included. */
  chainLength: 10,
  /** Request headers that ext_authz may carry. */
  headers: 256,
  /** Characters of one header, label, extension or claim value (attestation tokens have their own). */
  valueText: 8 * 1024,
  /** Characters of an `x-forwarded-client-cert` header: leaf and chain, for every trusted hop. */
  xfccText: 192 * 1024,
  /** Characters of an attestation token. */
  attestationText: 48 * 1024,
  /** Characters of ids: device, gateway, connection, request, SNI. */
  idText: 256,
  /** Characters of a request path. */
  pathText: 8 * 1024,
  /** Elements of one `x-forwarded-client-cert` header. */
  xfccElements: 10,
  /** Key-value pairs of one such element. */
  xfccPairs: 64,
  /** Custom facts of one connection. */
  customFacts: 32,
  /** Entries of context extensions, metadata or labels. */
  mapEntries: 128,
} as const;
