import { PortreeveError } from '../../lib/errors.ts';

/** An outsider has seen another history than the log has: trying again does not mend it. PDP_SOURCE_REFUSED. */
export class Contradiction extends PortreeveError {
  constructor(message: string) {
    super('PDP_SOURCE_REFUSED', message);
    this.name = 'Contradiction';
  }
}
