// @ts-check
// A page that is being left may still send something, but browsers hold back at 64 KiB for all of
// it, and refuse what is longer as if there were no connection.

const MOST = 60_000;

/** Whether it may be sent so that it outlives the page. @param {URLSearchParams} body */
export const outlives = (body) => body.toString().length < MOST;
