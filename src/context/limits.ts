/** Every limit on what a PEP may send, in one place. Over a limit is a deny with `system.input_invalid`. */
export const limits = {
  /** Bytes of one gRPC message, also the server's `grpc.max_receive_message_length`. */
  messageBytes: 256 * 1024,
  /** Characters of one URL-encoded PEM certificate (an ML-DSA-87 leaf is about 12 KB). */
  certificateText: 64 * 1024,
  /** Bytes of one DER certificate. */
  certificateDer: 48 * 1024,
  /** Certificates in a sent chain, leaf included. */
  chainLength: 10,
  /** Request headers that ext_authz may carry. */
  headers: 256,
  /** Characters of one header, label, extension or claim value (attestation tokens have their own). */
  valueText: 8 * 1024,
  /** Characters of an attestation token. */
  attestationText: 48 * 1024,
  /** Characters of ids: device, gateway, connection, request, SNI. */
  idText: 256,
  /** Characters of a request path. */
  pathText: 8 * 1024,
  /** Elements of one `x-forwarded-client-cert` header. */
  xfccElements: 10,
  /** Custom facts of one connection. */
  customFacts: 32,
  /** Entries of context extensions, metadata or labels. */
  mapEntries: 128,
} as const;
