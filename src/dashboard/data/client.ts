/** The service this page came from. The session's cookie, if there is one, goes along by itself. */
import { createClient } from '../../client/index.ts';
import { basePath, placeHere } from './base-path.ts';

export const client = createClient({
  url: basePath,
  async fetch(...request) {
    const response = await fetch(...request);
    // the session is over: sign in, and come back here
    if (response.status === 401)
      window.location.assign(`${basePath}/auth?to=${encodeURIComponent(placeHere())}`);
    return response;
  },
});
