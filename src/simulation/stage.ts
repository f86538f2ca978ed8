// Prepares a server for a scenario: the project and the checks that it needs; and leaves it tidy.
import { Problem } from '../problem.ts'
import { formatDuration, SECOND } from '../time.ts'
import type { Client } from './client.ts'
import type { Target } from './player.ts'
import type { Beats, Scenario } from './scenario.ts'

/** The project of made-up traffic, unless another is asked for. */
export const SIMULATION = 'simulation'
/** In the demo an error is over after so long without it: before the internet is gone, for then nothing is judged. */
export const DEMO_QUIET = '10s'
/** Whose checks these are: only such are ever changed, paused or removed. */
const OWNER = 'vakt simulate'

export type Stage = {
  target: Target
  /** Removes the checks. */
  clear(): Promise<void>
  /** Pauses the checks, which go on with the first beat of the next time. */
  rest(): Promise<void>
}

/**
 * Makes what the scenario needs in `project`; `run` names this playing, so that its batches are its own. Throws `conflict` when a
 * check of one of the names belongs to somebody else, `invalid` when the speed makes a check's times shorter than a second.
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
        `At speed ${speed} the times of ${name} are shorter than a second. Use at most --speed ${Math.floor(Math.min(every, grace) / SECOND)}.`,
      )
  await makeProject(client, project)
  const urls = new Map<string, string>()
  for (const check of wanted) urls.set(check.name, await makeCheck(client, check, project, speed))
  const each = async (words: (name: string) => string[]) => {
    for (const name of urls.keys()) await client.command(words(name))
  }
  return {
    target: {
      sendLines: (step, number) => client.sendLines(step, project, `${run}-${number}`),
      sendBeat: step => client.sendBeat(urls.get(step.source)!, step.signal),
    },
    clear: () => each(name => ['checks', 'remove', name, '--project', project, '--yes']),
    rest: () => each(name => ['checks', 'pause', name, '--project', project]),
  }
}

async function makeProject(client: Client, project: string): Promise<void> {
  const { projects } = await client.command<{ projects: { name: string }[] }>(['projects', 'list'])
  if (projects.some(one => one.name === project)) return
  if (project === SIMULATION) await client.command(['projects', 'add', project])
  else
    throw new Problem(
      'not_found',
      `There is no project "${project}". Make it with "projects add ${project}", or leave --project away.`,
    )
}

type ShownCheck = { check: { ping_url: string; uuid: string; owner: string | null } }

/** The ping URL of a check that is made for this, or that an earlier playing left. */
async function makeCheck(
  client: Client,
  { name, every, grace }: Beats,
  project: string,
  speed: number,
): Promise<string> {
  const settings = [`--every=${paced(every, speed)}`, `--grace=${paced(grace, speed)}`, '--project', project]
  const left = await client.command<ShownCheck>(['checks', 'show', name, '--project', project]).catch(error => {
    if (error instanceof Problem && error.code === 'not_found') return null
    throw error
  })
  if (left && left.check.owner !== OWNER)
    throw new Problem(
      'conflict',
      `The project ${project} has a check "${name}" that is not from a simulation; made-up beats would hide what is wrong with it. Use another --project.`,
    )
  const words = left ? ['checks', 'edit', name] : ['checks', 'add', name, '--owner', OWNER]
  const { check } = await client.command<ShownCheck>([...words, ...settings])
  return pathOn(client.url, check.ping_url)
}

/** The ping URL at the address that the client talks to, whatever the server's public one is. */
function pathOn(url: string, pingUrl: string): string {
  return `${url}${pingUrl.slice(pingUrl.indexOf('/ping/'))}`
}

function paced(ms: number, speed: number): string {
  return formatDuration(Math.ceil(ms / speed))
}
