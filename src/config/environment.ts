/** What is read from the process environment; nobody else reads it. */
export interface Environment {
  /** `PORTREEVE_CONFIG`: the configuration file. */
  readonly configFile: string | undefined;
  /** `PORTREEVE_DEBUG`: stacks of unexpected errors are shown. */
  readonly debug: boolean;
  /** `NO_COLOR` is set and not empty. */
  readonly noColor: boolean;
  /** `PORTREEVE_OPA`: the policy compiler. */
  readonly opa: string | undefined;
  /** `PATH`: where programs are looked for. */
  readonly path: string | undefined;
  /** Every `OTEL_*` variable, as it is. */
  readonly otel: Readonly<Record<string, string>>;
}

/** Reads the environment once. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const otel = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[0].startsWith('OTEL_') && entry[1] !== undefined,
  );
  return {
    configFile: variables.PORTREEVE_CONFIG || undefined,
    debug: Boolean(variables.PORTREEVE_DEBUG),
    noColor: Boolean(variables.NO_COLOR),
    opa: variables.PORTREEVE_OPA || undefined,
    path: variables.PATH || undefined,
    otel: Object.fromEntries(otel),
  };
}

/** The environment that a process of ours gets: this one's, with what is missing in it of `more`. */
export function withEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...more, ...process.env };
}

/** The environment without what Node.js reads of it for itself (`NODE_OPTIONS`, …). */
export function withoutNodeSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
}
