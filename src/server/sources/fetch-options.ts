/** How long an exchange may take, milliseconds. */
export interface FetchTimeouts {
  /** From the request until the connection stands (name, TCP, TLS). */
  readonly connect: number;
  /** Longest silence, before the answer and within it. */
  readonly idle: number;
  /** The whole exchange with all redirects and the whole body, so that a slow drip ends. */
  readonly total: number;
}

export const defaultTimeouts: FetchTimeouts = { connect: 10_000, idle: 30_000, total: 300_000 };

export interface FetchOptions {
  /** POST and PUT send `body`; a POST is not led elsewhere and has no conditions. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: Uint8Array;
  /** Sent to every host that is asked. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the first URL's origin only: what a redirect leads to elsewhere does not see them. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** PEM certificates that TLS servers must chain to, instead of those that the platform trusts. */
  readonly ca?: string;
  /** PEM of the certificate (and chain) that is shown to TLS servers that ask for one, and of its key. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Validators of what is known already, exactly as they were told. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** Bytes of body after which the answer is cut off and refused. */
  readonly maxBytes: number;
  readonly timeouts?: Partial<FetchTimeouts>;
  /** Redirects that are followed; 5 unless told otherwise. */
  readonly maxRedirects?: number;
  /**
   * Whether a redirect may lead there; unless told otherwise within the same origin only (`same`; the same host's https
   * counts as such). https never leads to http.
   */
  readonly mayVisit?: (url: URL, same: boolean) => boolean;
  /** Whether a URL may lead to this machine or its links (loopback, link-local); any may unless told otherwise. */
  readonly mayBeLocal?: (url: URL) => boolean;
  /** Ends the exchange from outside. */
  readonly signal?: AbortSignal;
}

/** What the server said about what it sent. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export type Fetched =
  | ({
      readonly status: 'unchanged';
      /** Where the answer came from at last. */ readonly url: string;
    } & Validators)
  | ({
      readonly status: 'ok';
      readonly url: string;
      readonly contentType: string | undefined;
      /** To be read once, or cancelled. Throws as `fetchLimited` does where it ends early or grows too large. */
      readonly body: AsyncIterable<Uint8Array>;
      /** Ends the exchange without reading (on). */
      readonly cancel: () => void;
    } & Validators);
