// The command logs salvage: what can still be read of a damaged partition file becomes searchable again.
import { z } from 'zod'
import { positional } from '../../src/command/command.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { command } from '../context.ts'
import { storeOf } from './log-query.ts'

const salvage = command({
  name: 'logs salvage',
  summary: 'Make the readable lines of a damaged partition searchable again',
  details: 'The lines keep their ids. The damaged file stays under another name until the retention of its lines ends.',
  examples: ['logs salvage', 'logs salvage 2026-11-20.3d.0.db.damaged'],
  role: 'admin',
  changes: true,
  args: {
    file: positional(z.string().min(1).max(200).optional()).describe(
      'Name of the file (default: the only damaged one)',
    ),
  },
  async run({ file }, context) {
    const store = storeOf(context)
    if (!store.salvage) throw new Problem('not_found', 'This log store has no files to salvage.')
    const { partitions } = await store.status()
    const damaged = partitions.filter(({ state }) => state === 'damaged').map(({ name }) => name)
    if (damaged.length === 0)
      return { card: { title: 'No log partition is damaged', tone: 'plain' }, result: { lines: 0 } }
    if (file === undefined && damaged.length > 1)
      throw invalid('file', `${damaged.length} partitions are damaged: ${damaged.join(', ')}. Name one of them.`)
    const { partition, lines, keptAs } = await store.salvage(file ?? damaged[0]!)
    return {
      card: {
        title: `Salvaged ${plural(lines, 'line')} of ${partition}`,
        tone: lines > 0 ? 'good' : 'warning',
        lines: [
          lines > 0 ? 'They can be searched again. Lines in the damaged parts are lost.' : 'No line in it can be read.',
          ['The file is kept as ', { code: keptAs }, ' until the retention of its lines ends; you may remove it.'],
        ],
      },
      result: { partition, lines, kept_as: keptAs },
    }
  },
})

export const logSalvageCommands = [salvage]
