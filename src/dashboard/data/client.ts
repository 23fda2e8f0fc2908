/** The service this page came from. The session's cookie, if there is one, goes along by itself. */
import { createClient } from '../../client/index.ts';

export const client = createClient();
