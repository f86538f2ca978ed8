// Sends an ICMP echo with the ping program of the system, because raw sockets need privileges.
import { execFile } from 'node:child_process'

/** This machine cannot send pings at all; the result is unknown rather than a failure of the network. */
export class PingUnavailable extends Error {}

/**
 * Resolves when `host` answers within `seconds`, with the round trip in ms where the program shows it. Rejects with `PingUnavailable`
 * when ping is missing or forbidden.
 */
export function ping(host: string, seconds: number, program = 'ping'): Promise<number | null> {
  const flags = process.platform === 'win32' ? ['-n', '1'] : ['-n', '-c', '1', '-W', String(seconds)]
  return new Promise((resolve, reject) => {
    const options = {
      timeout: (seconds + 1) * 1000,
      killSignal: 'SIGKILL' as const,
      env: { ...process.env, LC_ALL: 'C' },
    }
    execFile(program, [...flags, host], options, (error, stdout, stderr) => {
      const shown = /time[=<]([\d.]+) ?ms/.exec(stdout)?.[1]
      if (!error) return resolve(shown === undefined ? null : Number(shown))
      if (error.code === 'ENOENT' || error.code === 'EACCES') {
        return reject(
          new PingUnavailable('The program "ping" is not installed. Install it (iputils-ping) or use no icmp targets.'),
        )
      }
      if (/not permitted|permission denied|lacking privilege|cap_net_raw/i.test(stderr)) {
        return reject(
          new PingUnavailable(
            'This user may not send ICMP. Allow it (net.ipv4.ping_group_range) or use no icmp targets.',
          ),
        )
      }
      reject(new Error(`${host} did not answer a ping`))
    })
  })
}
