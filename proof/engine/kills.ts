// Kills of Vakt and of nodes under load, and an outage of the whole cluster: no acknowledged line is lost or doubled.
import { setTimeout } from 'node:timers/promises'
import { createRandom } from '../random.ts'
import type { Cluster } from './cluster.ts'
import { beginStory, isSilentlyPartial, isWholeAtLast, send } from './story.ts'

export const KILLS = ['vakt', 'node', 'all nodes', 'vakt and node'] as const
export type Kill = (typeof KILLS)[number]

/** What waited for ten minutes is shipped in half of that. */
const CATCH_UP_MS = 300_000

export type KillOptions = {
  kinds: readonly Kill[]
  /** Of each kind. */
  rounds: number
  /** Sent in each round. */
  lines: number
  /** No further round begins after so long. */
  seconds: number
  seed: number
}

/** Rounds of kills while lines are sent; a killed node is started again at once. */
export async function playKills(cluster: Cluster, options: KillOptions): Promise<boolean> {
  const { kinds, rounds, lines, seconds, seed } = options
  const story = await beginStory(cluster, 'kills')
  const random = createRandom(seed)
  const began = performance.now()
  const until = began + seconds * 1_000
  const played = new Map<Kill, number>(kinds.map(kind => [kind, 0]))
  for (let round = 0; round < rounds * kinds.length && performance.now() < until; round++) {
    const kind = kinds[round % kinds.length]!
    const node = Math.floor(random() * cluster.nodes)
    const nodes = kind === 'all nodes' ? [...Array(cluster.nodes).keys()] : kind === 'vakt' ? [] : [node]
    const sending = send(story, `k${seed}r${round}`, lines)
    await setTimeout(100 + random() * 2_000)
    await Promise.all([...nodes.map(own => cluster.kill(own)), ...(kind.startsWith('vakt') ? [story.restart()] : [])])
    for (const own of nodes) cluster.start(own)
    await sending
    await Promise.all(nodes.map(own => cluster.answers(own)))
    played.set(kind, played.get(kind)! + 1)
    const at = Math.round((performance.now() - began) / 1_000)
    console.log(`  ${at} s: ${kind}, ${story.acknowledged.size} lines acknowledged`)
  }
  const counts = [...played].map(([kind, count]) => `${kind} ${count}`).join(', ')
  const isWhole = await isWholeAtLast(story, `kills (${counts}), seed ${seed}`)
  await story.end()
  return isWhole
}

/** All nodes are gone for a while, at a steady rate of lines. */
export async function playOutage(cluster: Cluster, seconds: number, rate: number): Promise<boolean> {
  const story = await beginStory(cluster, 'outage')
  await send(story, 'before', rate * 5)
  if (!(await isWholeAtLast(story, 'before the outage'))) return false
  await Promise.all(Array.from({ length: cluster.nodes }, (_, node) => cluster.kill(node)))
  const began = Date.now()
  // Some lines are in the engine only, others wait.
  const sent = new Map([['before', rate * 5]])
  let silent = 0
  for (let second = 0; second < seconds; second++) {
    const name = `o${second}`
    await send(story, name, rate)
    sent.set(name, rate)
    const earlier = `o${Math.floor(Math.random() * (second + 1))}`
    if (
      await isSilentlyPartial(
        story,
        [...sent].filter(([own]) => own === 'before' || own === earlier),
      )
    )
      silent++
    await setTimeout(Math.max(0, began + (second + 1) * 1_000 - Date.now()))
  }
  const lasted = Math.round((Date.now() - began) / 1_000)
  console.log(`outage of ${lasted} s, ${seconds * rate} lines: ${silent} answers silently in part`)
  for (let node = 0; node < cluster.nodes; node++) cluster.start(node)
  const isWhole = await isWholeAtLast(story, 'after the outage', CATCH_UP_MS)
  await story.end()
  return isWhole && silent === 0
}
