// Proves the status page: pictures in headless Chromium (phone and desktop, light and dark), and pings beside 2,000 requests a second.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { startServer } from '../bench/server.ts'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome']
const VIEWS = [
  ['phone-light', 390, 1400, []],
  ['phone-dark', 390, 1400, ['--force-dark-mode', '--enable-features=WebContentsForceDark']],
  ['desktop-light', 1200, 1100, []],
] as const
const REQUESTS_PER_SECOND = 2_000
const PINGS_PER_SECOND = 200
const SECONDS = 10
/** How much slower the slowest of a hundred pings may be beside the page. */
const MAX_RATIO = 3

/** Prints where the pictures are, and the latency of pings without and beside the page. */
export async function statusPage(): Promise<boolean> {
  const vakt = await startServer('src/main.ts')
  try {
    await fill(vakt)
    await takePictures(`${vakt.url}/status/shop`)
    return await comparePings(vakt.url)
  } finally {
    await vakt.stop()
  }
}

async function fill(vakt: Awaited<ReturnType<typeof startServer>>): Promise<void> {
  const flags: string[] = []
  for (let i = 1; i <= 20; i++) {
    const { check } = await vakt.command<{ check: { ping_url: string } }>(`checks add job-${i} --every 1h`)
    await fetch(check.ping_url + (i === 3 ? '/fail' : ''))
    flags.push(`--check "${i <= 10 ? 'Shop' : 'Jobs that run at night'} / Component number ${i} = job-${i}"`)
  }
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  await vakt.command(`maintenance add move --matcher check:job-5 --from ${tomorrow} --for 2h`)
  await vakt.command(`status publish shop --title "Shop status" --about "How the shop is doing" ${flags.join(' ')}`)
}

async function takePictures(url: string): Promise<void> {
  const browser = BROWSERS.find(isInstalled)
  if (!browser) return console.log('No Chromium is installed: no pictures.')
  const folder = mkdtempSync(join(tmpdir(), 'vakt-status-'))
  for (const [name, width, height, flags] of VIEWS) {
    const file = join(folder, `${name}.png`)
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--window-size=${width},${height}`,
    ]
    execFileSync(browser, [...options, ...flags, `--screenshot=${file}`, url], { stdio: 'ignore', timeout: 60_000 })
    console.log(`${name}: ${file} (${readFileSync(file).length} bytes)`)
  }
  const dom = execFileSync(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', url], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  })
  if (!dom.includes('Some systems are down') || /<script/.test(dom))
    throw new Error('the page is not as expected in the browser')
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function comparePings(url: string): Promise<boolean> {
  const ping = async () => {
    const { project } = (await command(url, 'projects show default')) as { project: { ping_key: string } }
    return load(`${url}/ping/${project.ping_key}/job-1`, PINGS_PER_SECOND)
  }
  await ping()
  const alone = await ping()
  const page = load(`${url}/status/shop`, REQUESTS_PER_SECOND)
  const beside = await ping()
  const served = await page
  const ratio = beside.latency.p99 / Math.max(1, alone.latency.p99)
  console.log(
    `page: ${Math.round(served.requests.average)} requests/s, p99 ${served.latency.p99} ms, errors ${served.errors + served.non2xx}`,
  )
  console.log(
    `pings: p99 ${alone.latency.p99} ms alone, ${beside.latency.p99} ms beside the page: ${ratio.toFixed(1)} times (at most ${MAX_RATIO})`,
  )
  return ratio <= MAX_RATIO && served.requests.average >= REQUESTS_PER_SECOND * 0.95
}

function load(url: string, perSecond: number) {
  return autocannon({ url, duration: SECONDS, connections: 20, overallRate: perSecond })
}

async function command(url: string, line: string): Promise<unknown> {
  const headers = { authorization: `Bearer bench-admin-key-0123456789`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/commands`, { method: 'POST', headers, body: JSON.stringify({ line }) })
  return ((await answer.json()) as { result: unknown }).result
}
