// An ICMP echo by the system's own ping program, for raw sockets are not for everybody.
import { execFile } from 'node:child_process'

/** The target cannot be tried on this machine at all, which says nothing about the network. */
export class Untriable extends Error {}

/** Resolves when `host` answers within `seconds`. Rejects with `Untriable` when ping is missing or not allowed. */
export function ping(host: string, seconds: number, program = 'ping'): Promise<void> {
  const flags = process.platform === 'win32' ? ['-n', '1'] : ['-n', '-c', '1', '-W', String(seconds)]
  return new Promise((resolve, reject) => {
    const options = {
      timeout: (seconds + 1) * 1000,
      killSignal: 'SIGKILL' as const,
      env: { ...process.env, LC_ALL: 'C' },
    }
    execFile(program, [...flags, host], options, (error, _out, said) => {
      if (!error) return resolve()
      if (error.code === 'ENOENT' || error.code === 'EACCES') {
        return reject(
          new Untriable('The program "ping" is not there; install it (iputils-ping), or leave icmp:// targets out.'),
        )
      }
      if (/not permitted|permission denied|lacking privilege|cap_net_raw/i.test(said)) {
        return reject(
          new Untriable(
            'This user may not send ICMP; allow it (net.ipv4.ping_group_range), or leave icmp:// targets out.',
          ),
        )
      }
      reject(new Error(`${host} did not answer a ping`))
    })
  })
}
