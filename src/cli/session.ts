import type { Readable, Writable } from 'node:stream';
import { userInfo } from 'node:os';
import type { Environment } from '../config/environment.ts';
import { findConfigFile } from '../config/find.ts';
import type { Config } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { loadKnownConfig } from './known-config.ts';
import { painter, type Paint } from './output.ts';

/** The streams, folder and time that a command works with. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly folder: string;
  readonly environment: Environment;
  readonly clock: Clock;
}

/** What a command hands back: one object for machines, text for people, and the exit code. */
export interface Answer {
  readonly exit: number;
  readonly data: object;
  readonly text: string;
}

/** One run of the program. */
export class Session {
  readonly around: Surroundings;
  /** One JSON object on stdout instead of text. */
  readonly json: boolean;
  readonly paint: Paint;
  /** Set by the command that ran. */
  answer: Answer | undefined;

  constructor(around: Surroundings, json: boolean) {
    this.around = around;
    this.json = json;
    this.paint = painter(around.stdout.isTTY === true && !around.environment.noColor);
  }

  /** The configuration file to use; throws PDP_CONFIG_INVALID where there is none. */
  configFile(option: string | undefined): string {
    return findConfigFile(option, this.around.environment.configFile, this.around.folder);
  }

  /** The effective configuration; throws PDP_CONFIG_INVALID with all problems. */
  config(option: string | undefined): Config {
    return loadKnownConfig(this.configFile(option), this.around.clock);
  }

  /** Who makes a change, for the table of changes: the operating system's user. */
  actor(): string {
    try {
      return `cli:${userInfo().username}`;
    } catch {
      // A container may run under a number that has no name.
      return `cli:uid-${process.getuid?.() ?? 'unknown'}`;
    }
  }

  /** Progress for people who watch; nothing in a pipe. Returns what ends the line. */
  progress(): { readonly show: (text: string) => void; readonly end: () => void } {
    const { stderr } = this.around;
    if (!stderr.isTTY || this.json) return { show: () => undefined, end: () => undefined };
    return {
      show: (text) => void stderr.write(`\r\u001b[K${text}`),
      end: () => void stderr.write('\r\u001b[K'),
    };
  }
}
