// A listener with several ports: each opens by itself, and all of them share one queue of lines.
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import type { Datagram, DroppedLines, ListenerContext } from '../protocols/protocol.ts'
import { createLineQueue, type LineQueue } from './line-queue.ts'
import type { OpenServer } from './tcp-server.ts'

/** How long a stop may wait for the store, ms. */
const STOP_TIMEOUT_MS = 2.5 * SECOND

export type ListenerPorts = {
  /** The project of the lines, and the setting that names it. */
  project: string | undefined
  projectSetting: string
  /** What stands between two lines of a batch. */
  separator: string
  /** What to open: a name for people, the setting of the port, and how. Those whose port is null stay closed. */
  ports: readonly {
    name: string
    setting: string
    port: number | null
    open(port: number, shared: Shared): Promise<OpenServer>
  }[]
}

/** What the servers of a listener share. */
export type Shared = { queue: LineQueue; drop(dropped: DroppedLines): void }

/** Opens the ports that are set. One that cannot be opened is logged, and stops none of the others. */
export async function openListener(
  { project, projectSetting, separator, ports }: ListenerPorts,
  receive: (datagram: Datagram) => Promise<unknown>,
  context: ListenerContext,
): Promise<{ ports: readonly number[]; close(): Promise<void> }> {
  const wanted = ports.filter(({ port }) => port !== null)
  if (wanted.length === 0) return { ports: [], async close() {} }
  checkProject(project, projectSetting, context)
  const { clock, logger, host } = context
  const drop = (dropped: DroppedLines) => context.drop(project, dropped)
  const maxLines = () => {
    try {
      return context.maxLines(project)
    } catch {
      // The project was removed: what is sent waits until it is there again.
      return 1_000
    }
  }
  const queue = createLineQueue({ separator, project, maxLines, receive, drop, clock, logger })

  const opened: OpenServer[] = []
  for (const { name, setting, port, open } of wanted) {
    try {
      const server = await open(port!, { queue, drop })
      opened.push(server)
      logger.info('listening without keys: everybody who reaches this port may write', {
        protocol: name,
        host,
        port: server.port,
        project: project ?? 'default',
      })
    } catch (error) {
      logger.error(`listener did not open; ${adviceOn(error, setting)}`, { protocol: name, host, port, error })
    }
  }
  return {
    ports: opened.map(({ port }) => port),
    async close() {
      await Promise.all(opened.map(server => server.close()))
      await queue.stop(STOP_TIMEOUT_MS)
    },
  }
}

function checkProject(project: string | undefined, setting: string, context: ListenerContext): void {
  try {
    context.maxLines(project)
  } catch (error) {
    throw new Problem('not_found', `${setting} is wrong: ${errorMessage(error)} Then restart Vakt.`, { cause: error })
  }
}

function adviceOn(error: unknown, setting: string): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `another program uses the port: stop it or change ${setting}, and restart Vakt`
  if (code === 'EACCES') return `ports below 1024 need a privilege: choose a higher one in ${setting}, and restart Vakt`
  return `check ${setting}, and restart Vakt`
}
