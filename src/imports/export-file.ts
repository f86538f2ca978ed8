// Reads an export from a file, for the terminal client: JSON as it is, a database of Uptime Kuma as the JSON of its monitors.
import { readFileSync } from 'node:fs'
import { Problem } from '../problem.ts'
import { errorMessage } from '../text.ts'

const SQLITE = 'SQLite format 3\0'
/** What an import reads of the table `monitor`; columns that a version of Uptime Kuma lacks are left out. */
const COLUMNS =
  'id name description active type url method hostname port interval retry_interval maxretries timeout upside_down push_token keyword invert_keyword json_path expected_value accepted_statuscodes_json ignore_tls auth_method basic_auth_user'

/** The text to send to the server in place of the name of a file. Throws `invalid` for a file that cannot be read. */
export async function readExportFile(path: string): Promise<string> {
  try {
    const bytes = readFileSync(path)
    if (bytes.toString('latin1', 0, SQLITE.length) !== SQLITE) return compactJson(bytes.toString('utf8'))
    return await readDatabase(path)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem('invalid', `The file ${path} cannot be read: ${errorMessage(error)}.`)
  }
}

/** JSON without the spaces between its parts; a text that is none is sent as it is, and refused there. */
function compactJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

async function readDatabase(path: string): Promise<string> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const known = database.prepare("select name from pragma_table_info('monitor')").all() as { name: string }[]
    if (known.length === 0)
      throw new Problem('invalid', `${path} is no database of Uptime Kuma: it has no table monitor.`)
    const columns = COLUMNS.split(' ').filter(column => known.some(({ name }) => name === column))
    const monitors = database.prepare(`select ${columns.join(', ')} from monitor order by id`).all() as { id: number }[]
    const tags = database
      .prepare('select monitor_id as id, name, value from monitor_tag join tag on tag.id = tag_id')
      .all() as { id: number }[]
    return JSON.stringify({
      monitorList: monitors.map(monitor => ({ ...monitor, tags: tags.filter(({ id }) => id === monitor.id) })),
    })
  } finally {
    database.close()
  }
}
