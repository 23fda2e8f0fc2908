/** The service this page came from. The session's cookie, if there is one, goes along by itself. */
import { createClient } from '../../client/index.ts';

export const client = createClient({
  async fetch(...request) {
    const response = await fetch(...request);
    // the session is over: sign in, and come back here
    if (response.status === 401) {
      const { pathname, search } = window.location;
      window.location.assign(`/auth?to=${encodeURIComponent(pathname + search)}`);
    }
    return response;
  },
});
