let take = (): void => {
  came = true;
};
let came = false;

const hear = (): void => take();

/**
 * From now on SIGHUP does not end this process. What comes before anybody takes it (`takeHangups`) is remembered: a
 * supervisor that reloads a server does not know how far it has started.
 */
export function hearHangups(): void {
  if (!process.listeners('SIGHUP').includes(hear)) process.on('SIGHUP', hear);
}

/** Calls `reload` at each SIGHUP, and now where one came already; until the function that it answers is called. */
export function takeHangups(reload: () => void): () => void {
  take = reload;
  if (came) reload();
  came = false;
  return () => {
    take = () => undefined;
  };
}
