// Prepares a server for a scenario, with the project and checks it needs, and cleans up afterwards.
import { Problem } from '../problem.ts'
import { formatDuration, SECOND } from '../time.ts'
import type { Client } from './client.ts'
import type { Target } from './player.ts'
import type { Beats, Scenario } from './scenario.ts'

/** The default project of simulated traffic. */
export const SIMULATION = 'simulation'
/** In the demo an error alert is resolved this long after the last error: before the outage, during which nothing is evaluated. */
export const DEMO_KEEP_FIRING = '10s'
/** The owner of the simulation's checks: only checks with this owner are changed, paused or removed. */
export const OWNER = 'vakt simulate'

export type Stage = {
  target: Target
  /** Removes the checks. */
  removeChecks(): Promise<void>
  /** Pauses the checks; the first beat of the next run resumes them. */
  pauseChecks(): Promise<void>
}

/**
 * Creates what the scenario needs in `project`; `run` makes the idempotency keys of its batches unique. Throws `conflict` when
 * a check of the same name has another owner, `invalid` when the speed makes a check's times shorter than a second.
 */
export async function prepare(
  client: Client,
  scenario: Scenario,
  project: string,
  speed: number,
  run: string,
): Promise<Stage> {
  const wanted = scenario.sources.filter(source => source.kind === 'beats')
  for (const { name, every, grace } of wanted)
    if (Math.min(every, grace) / speed < SECOND)
      throw new Problem(
        'invalid',
        `At speed ${speed} the period or grace of ${name} is shorter than a second. Use at most --speed ${Math.floor(Math.min(every, grace) / SECOND)}.`,
      )
  await ensureProject(client, project)
  const urls = new Map<string, string>()
  for (const check of wanted) urls.set(check.name, await ensureCheck(client, check, project, speed))
  const forEachCheck = async (words: (name: string) => string[]) => {
    for (const name of urls.keys()) await client.command(words(name))
  }
  return {
    target: {
      sendLines: (step, number) => client.sendLines(step, project, `${run}-${number}`),
      sendBeat: step => client.sendBeat(urls.get(step.source)!, step.signal),
    },
    removeChecks: () => forEachCheck(name => ['checks', 'remove', name, '--project', project, '--yes']),
    pauseChecks: () => forEachCheck(name => ['checks', 'pause', name, '--project', project]),
  }
}

async function ensureProject(client: Client, project: string): Promise<void> {
  const { projects } = await client.command<{ projects: { name: string }[] }>(['projects', 'list'])
  if (projects.some(({ name }) => name === project)) return
  if (project === SIMULATION) await client.command(['projects', 'add', project])
  else
    throw new Problem(
      'not_found',
      `There is no project "${project}". Create it with "projects add ${project}", or omit --project.`,
    )
}

type ShownCheck = { check: { ping_url: string; uuid: string; owner: string | null } }

/** The ping URL of a check, which is created or updated. */
async function ensureCheck(
  client: Client,
  { name, every, grace }: Beats,
  project: string,
  speed: number,
): Promise<string> {
  const settings = [
    `--every=${scaledDuration(every, speed)}`,
    `--grace=${scaledDuration(grace, speed)}`,
    '--project',
    project,
  ]
  const existing = await client.command<ShownCheck>(['checks', 'show', name, '--project', project]).catch(error => {
    if (error instanceof Problem && error.code === 'not_found') return null
    throw error
  })
  if (existing && existing.check.owner !== OWNER)
    throw new Problem(
      'conflict',
      `The project ${project} has a check "${name}" that is not from a simulation. Simulated beats would hide its failures. Use another --project.`,
    )
  const words = existing ? ['checks', 'edit', name] : ['checks', 'add', name, '--owner', OWNER]
  const { check } = await client.command<ShownCheck>([...words, ...settings])
  return pingUrlAt(client.url, check.ping_url)
}

/** The ping URL at the client's address of the server, which may differ from the server's public one. */
function pingUrlAt(url: string, pingUrl: string): string {
  return `${url}${pingUrl.slice(pingUrl.indexOf('/ping/'))}`
}

function scaledDuration(ms: number, speed: number): string {
  return formatDuration(Math.ceil(ms / speed))
}
