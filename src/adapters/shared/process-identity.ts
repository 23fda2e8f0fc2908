/** Which process has a pid, now and in this place. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessFacts {
  readonly pid: number;
  readonly host: string;
  /** Tells the process from others that had or will have its pid; `null` where the system does not say. */
  readonly processIdentity: string | null;
  /** Pids of another namespace (container) mean nothing here. */
  readonly pidNamespace: string | null;
}

export function thisProcess(): ProcessFacts {
  return {
    pid: process.pid,
    host: hostname(),
    processIdentity: processIdentityOf('self'),
    pidNamespace: pidNamespace(),
  };
}

/** Its pid means something here. */
export function isHere({
  host,
  pidNamespace: namespace,
}: Pick<ProcessFacts, 'host' | 'pidNamespace'>): boolean {
  return host === hostname() && namespace === pidNamespace();
}

/** Of a process that is here. */
export function isAlive({
  pid,
  processIdentity,
}: Pick<ProcessFacts, 'pid' | 'processIdentity'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const now = processIdentityOf(pid);
  return processIdentity === null || now === null || now === processIdentity;
}

/** Boot and start time of a process, the latter in clock ticks since the former (proc(5), `/proc/pid/stat`, field 22). */
function processIdentityOf(pid: number | 'self'): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // a zombie has ended; only its parent has not noticed
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot}/${fields[19]}`;
  } catch {
    return null;
  }
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
