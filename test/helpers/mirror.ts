import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { root } from './source-files.ts';

/** A mirror on loopback: releases of `opa` below /opa, and an npm registry at /npm of this package and all that it needs. */
export interface Mirror {
  readonly url: string;
  /** What was asked for, by path. */
  readonly asked: string[];
  /** Serves other bytes in the place of a path's. */
  readonly exchange: (path: string, bytes: Uint8Array) => void;
  readonly close: () => void;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** One version of a package of the registry; packed when it is first asked for. */
interface Held {
  readonly manifest: Manifest;
  readonly tarball: () => Buffer;
}

/** Serves `opa` under the name of a release for this platform, and the package that was packed to `archive`. */
export async function startMirror(opa: { path: string; version: string }, archive: string): Promise<Mirror> {
  const registry = [packed(archive), ...installed()];
  const exchanged = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const binary = readFileSync(opa.path);
  const sum = createHash('sha256').update(binary).digest('hex');
  const release = `/opa/v${opa.version}/${releaseName()}`;
  const server = createServer(({ url = '' }, response) => {
    const path = decodeURIComponent(url);
    asked.push(path);
    const other = exchanged.get(path);
    if (other) return send(response, other);
    if (path === release) return send(response, binary);
    if (path === `${release}.sha256`) return send(response, `${sum}  ${releaseName()}\n`);
    const numbered = /^\/npm\/-\/(\d+)\.tgz$/.exec(path);
    if (numbered) return send(response, registry[Number(numbered[1])]?.tarball());
    return send(response, packument(registry, path.replace(/^\/npm\//, ''), urlOf()));
  });
  const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: urlOf(),
    asked,
    exchange: (path, bytes) => exchanged.set(path, bytes),
    close: () => server.close(),
  };
}

function send(response: ServerResponse, body: Uint8Array | string | undefined): void {
  response.writeHead(body === undefined ? 404 : 200).end(body ?? 'not here\n');
}

/** As the releases of opa are named, for the platforms that tests run on. */
export function releaseName(): string {
  const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
  if (process.platform !== 'darwin') return `opa_linux_${machine}_static`;
  return machine === 'arm64' ? 'opa_darwin_arm64_static' : 'opa_darwin_amd64';
}

/** What a registry says of one name: its versions, each with where it is and its checksum. */
function packument(registry: readonly Held[], name: string, url: string): string | undefined {
  const held = registry.map((one, at) => ({ ...one, at })).filter(({ manifest }) => manifest.name === name);
  if (held.length === 0) return undefined;
  const versions = held.map(({ manifest, tarball, at }) => [
    manifest.version,
    {
      ...manifest,
      dist: {
        tarball: `${url}/npm/-/${at}.tgz`,
        integrity: `sha512-${createHash('sha512').update(tarball()).digest('base64')}`,
      },
    },
  ]);
  const latest = held.at(-1)?.manifest.version;
  return JSON.stringify({ name, 'dist-tags': { latest }, versions: Object.fromEntries(versions) as object });
}

function packed(archive: string): Held {
  const tarball = readFileSync(archive);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  return { manifest, tarball: () => tarball };
}

/** The packages of this checkout that the program needs when it runs, as its lock lists them. */
function installed(): readonly Held[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => {
      const folder = join(root, path);
      let made: Buffer | undefined;
      return {
        manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest,
        tarball: () => (made ??= pack(folder)),
      };
    });
}

function pack(folder: string): Buffer {
  const files = ['--exclude=./node_modules', '--transform=s,^\\.,package,', '.'];
  const { status, stdout, stderr } = spawnSync('tar', ['-czf', '-', '-C', folder, ...files], {
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`tar: ${stderr.toString()}`);
  return stdout;
}
