// A real Alertmanager sends alerts that amtool made to a real Vakt, which is killed and restarted between them.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Running, startVakt, until } from '../src/testing/running.ts'
import { MINUTE } from '../src/time.ts'
import { freePort } from './clients/clients.ts'

const MODULE = 'github.com/prometheus/alertmanager@v0.35.0'
const run = promisify(execFile)
/** How many amtools run at the same time. */
const AT_ONCE = 4

type Programs = { alertmanager: string; amtool: string }

/** Tries `--alerts` alerts of one group (default: 60). Resolves with whether each fired once with its labels, and ended. */
export async function alertmanager(options: Readonly<Record<string, string>>): Promise<boolean> {
  const count = Number(options.alerts ?? 60)
  const programs = findPrograms()
  if (programs === null) {
    console.log('alertmanager: skipped, because it is not installed and Go cannot build it')
    return true
  }
  const root = mkdtempSync(join(tmpdir(), 'vakt-alertmanager-'))
  const folder = join(root, 'vakt')
  mkdirSync(folder)
  const settings = { PORT: String(await freePort()) }
  let vakt: Running = await startVakt(folder, settings)
  let child: ChildProcess | null = null
  try {
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    const url = `http://127.0.0.1:${await freePort()}`
    child = startAlertmanager(programs, root, url, vakt.url, key.secret)
    await until(
      () =>
        fetch(`${url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      'Alertmanager',
    )
    const add = (numbers: readonly number[], ...more: string[]) => addAlerts(programs, url, numbers, more)
    const all = Array.from({ length: count }, (_, number) => number)
    await add(all.slice(0, count / 2))
    await until(async () => (await readAlerts(vakt)).length >= count / 4, 'the first alerts')
    await vakt.kill()
    await add(all.slice(count / 2))
    vakt = await startVakt(folder, settings)
    await until(async () => (await readAlerts(vakt)).length >= count, 'all alerts')
    const fired = await readAlerts(vakt)
    await add(all, `--end=${new Date().toISOString()}`)
    await until(async () => (await readAlerts(vakt)).every(({ state }) => state === 'resolved'), 'their ends').catch(
      () => {},
    )
    const ended = await readAlerts(vakt)
    const faults = findFaults(fired, ended, count)
    for (const fault of faults) console.log(`alertmanager: FAULT: ${fault}`)
    console.log(
      `alertmanager: ${count} alerts by amtool, Vakt killed in between: ${fired.length} fired, ${ended.filter(({ state }) => state === 'resolved').length} resolved`,
    )
    return faults.length === 0
  } finally {
    child?.kill('SIGKILL')
    await vakt.kill()
    rmSync(root, { recursive: true, force: true })
  }
}

type Shown = {
  title: string
  state: string
  severity: string
  labels: Record<string, string>
  count: number
  detector: string
}

/** The alerts that Alertmanager reported; the card of their group is Vakt's own. */
async function readAlerts(vakt: Running): Promise<Shown[]> {
  const { alerts } = await vakt.command<{ alerts: Shown[] }>('alerts history --limit 100')
  return alerts.filter(({ detector }) => detector === 'alertmanager')
}

function findFaults(fired: readonly Shown[], ended: readonly Shown[], count: number): string[] {
  const instances = new Set(fired.map(({ labels }) => labels.instance))
  const wrong = fired.filter(
    ({ labels, severity, title, count: times }) =>
      labels.team !== 'storage' ||
      severity !== 'warning' ||
      title !== 'Disk almost full' ||
      times !== 1 ||
      labels.host === undefined,
  )
  const open = ended.filter(({ state }) => state !== 'resolved')
  return [
    ...(instances.size === count && fired.length === count
      ? []
      : [`${fired.length} alerts of ${instances.size} instances, not ${count}`]),
    ...(ended.length === count ? [] : [`${ended.length} alerts at the end`]),
    ...(wrong.length === 0 ? [] : [`${wrong.length} are wrong, such as ${JSON.stringify(wrong[0])}`]),
    ...(open.length === 0 ? [] : [`${open.length} did not end`]),
  ]
}

async function addAlerts(
  { amtool }: Programs,
  url: string,
  numbers: readonly number[],
  more: readonly string[],
): Promise<void> {
  const left = [...numbers]
  const work = async () => {
    for (let number = left.shift(); number !== undefined; number = left.shift())
      await run(amtool, [
        ...['alert', 'add', `--alertmanager.url=${url}`, '--annotation=summary=Disk almost full', ...more],
        ...['alertname=DiskFull', `instance=db-${number}:9100`, 'severity=warning', 'team=storage'],
      ])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function startAlertmanager(
  { alertmanager: program }: Programs,
  root: string,
  own: string,
  vakt: string,
  key: string,
): ChildProcess {
  const config = join(root, 'alertmanager.yml')
  writeFileSync(
    config,
    `route: {receiver: vakt, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers:
  - name: vakt
    webhook_configs:
      - url: ${vakt}/api/alerts/alertmanager
        send_resolved: true
        http_config: {authorization: {credentials: ${key}}}
`,
  )
  const address = `--web.listen-address=${new URL(own).host}`
  const storage = `--storage.path=${join(root, 'data')}`
  return spawn(program, [`--config.file=${config}`, storage, address, '--cluster.listen-address='], { stdio: 'ignore' })
}

/** The programs on the path, else built once from the module of Go; null where neither works. */
function findPrograms(): Programs | null {
  const find = (name: string) =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .map(folder => join(folder, name))
      .find(existsSync)
  const [installed, tool] = [find('alertmanager'), find('amtool')]
  if (installed && tool) return { alertmanager: installed, amtool: tool }
  const folder = join(tmpdir(), 'vakt-proof-alertmanager')
  const built = { alertmanager: join(folder, 'bin/alertmanager'), amtool: join(folder, 'bin/amtool') }
  try {
    if (!existsSync(built.amtool)) build(folder)
    return built
  } catch {
    return null
  }
}

/** Builds with an empty page in place of the user interface, which is not in the module. */
function build(folder: string): void {
  const go = (args: string[], cwd: string) =>
    execFileSync('go', args, { cwd, encoding: 'utf8', timeout: 15 * MINUTE, stdio: ['ignore', 'pipe', 'ignore'] })
  const { Dir } = JSON.parse(go(['mod', 'download', '-json', MODULE], tmpdir())) as { Dir: string }
  const source = join(folder, 'source')
  cpSync(Dir, source, { recursive: true })
  execFileSync('chmod', ['-R', 'u+w', source])
  for (const page of ['ui/app/dist', 'ui/mantine-ui/dist']) {
    mkdirSync(join(source, page), { recursive: true })
    writeFileSync(join(source, page, 'index.html'), '')
  }
  mkdirSync(join(folder, 'bin'), { recursive: true })
  go(['build', '-mod=mod', '-o', join(folder, 'bin'), './cmd/alertmanager', './cmd/amtool'], source)
}
