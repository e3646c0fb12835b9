import { firmware } from './requests.ts';

export interface Settings {
  /** The first of as many ports as there are workers. */
  readonly port: number;
  /** For the admin's socket. */
  readonly folder: string;
  readonly workers: number;
  /** `plain`: lines of a file that is rotated, and no log that can be verified. */
  readonly audit: 'none' | 'plain' | 'relaxed' | 'strict';
}

/** The configuration of a server over the benchmark's world. */
export function configuration({ port, folder, workers, audit }: Settings): string {
  const ports = workers === 1 ? String(port) : `${port}-${port + workers - 1}`;
  return `version: 1
state: { path: state.db }
server:
  # A busy machine must show in the times, not as denials.
  budget: 5s
  workers: ${workers}
  listeners: [{ name: bench, address: "127.0.0.1:${ports}", pep: bench }]
  admin: { address: "unix:${folder}/admin.sock" }
peps: [{ name: bench }]
trust:
  anchors:
    - { name: ec-root, file: ec-root.pem, profile: { kind: cn }, revocation: { required: true } }
    - { name: rsa-root, file: rsa-root.pem, profile: { kind: cn }, revocation: { required: true } }
  intermediates: [{ name: ec-issuer, file: ec-issuer.pem }, { name: rsa-issuer, file: rsa-issuer.pem }]
revocation: { crls: [crls] }
claims:
  firmware_hash: [{ header: x-firmware-hash }]
  device_id: [{ header: x-device-id }]
classes:
  meter:
    assurance: device_proved
    binding: issuer
    issuers: [ec-issuer, rsa-issuer]
    anchors: [ec-root, rsa-root]
    max_lifetime: 400d
    firmware: { required: true, allowed: ["${firmware}"] }
    networks: ["127.0.0.0/8", "10.0.0.0/8"]
    ttl: 1h
  gateway: { binding: issuer, issuers: [ec-issuer], anchors: [ec-root] }
  sensor:
    assurance: gateway_asserted
    binding: issuer
    issuers: [ec-issuer]
    anchors: [ec-root]
    firmware: { required: true, allowed: ["${firmware}"] }
    networks: ["10.0.0.0/8"]
audit: ${audit === 'plain' ? '{ path: records.ndjson }' : `{ path: log, key: key.pem, mode: ${audit} }`}
`;
}
