/** As views give times: ISO 8601 in UTC. @param ms - since 1970 */
export const iso = (ms: number): string => new Date(ms).toISOString();
