import type { Config } from '../config/types.ts';

/** What of a configuration says so; kept configurations of older programs lack the last two. */
export interface CredentialSettings {
  readonly trust: Pick<Config['trust'], 'credential_optional'>;
  readonly policy?: Partial<Pick<Config['policy'], 'compat'>>;
  readonly compat?: Pick<Config['compat'], 'credential_optional'>;
}

/** Whether a connection without any certificate may pass: named for all policies, or for one of another program alone. */
export function credentialOptional({ trust, policy, compat }: CredentialSettings): boolean {
  const forCompat = (policy?.compat ?? null) !== null && compat?.credential_optional === true;
  return trust.credential_optional || forCompat;
}
