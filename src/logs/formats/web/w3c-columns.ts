// Reads W3C extended logs of any columns by their header (https://www.w3.org/TR/WD-logfile): IIS, CloudFront, Exchange, HttpErr.
import type { Fields } from '../format.ts'
import { statusLevel } from '../number-levels.ts'

const MARK = '#Fields:'
const MAX_COLUMNS = 100
/** A name of the standard: letters, digits, dashes, and a header in parentheses. */
const NAME = /^[\w.-]{1,60}(?:\([\w-]{1,60}\))?$/

/** The names of the columns, if a line is the header that lists them; null for any other line. */
export function readColumnNames(line: string): readonly string[] | null {
  if (!line.startsWith(MARK)) return null
  const names = line
    .slice(MARK.length)
    .trim()
    .split(/[ \t,]+/)
  return names.length > 1 && names.length <= MAX_COLUMNS && names.every(name => NAME.test(name)) ? names : null
}

/** The fields of a line by the columns of the header above it; null when it has others. Its message is the line. */
export function readColumns(line: string, names: readonly string[]): Fields | null {
  const values = splitValues(line)
  if (values === null || values.length !== names.length) return null
  const fields: { [name: string]: unknown } = { message: line }
  const attributes: { [name: string]: unknown } = {}
  const byName = new Map(names.map((name, i) => [name, values[i]!]))
  const [date, time] = [byName.get('date'), byName.get('time')]
  // The standard has all times in UTC.
  if (date !== undefined && time !== undefined && /^[\d-]{8,10}$/.test(date) && /^[\d:.]{5,15}$/.test(time))
    fields.timestamp = `${date}T${time}Z`
  for (const [name, value] of byName) {
    if (value === '-' || value === '' || ((name === 'date' || name === 'time') && fields.timestamp !== undefined))
      continue
    if (name === 's-computername') fields.host = value
    else attributes[attributeName(name)] = WHOLE_NUMBER.test(value) ? Number(value) : value
  }
  const status = Number(byName.get('sc-status'))
  if (status >= 100 && status < 600) fields.level = statusLevel(status)
  fields.attributes = attributes
  return fields
}

const WHOLE_NUMBER = /^(?:0|-?[1-9]\d{0,14})$/

/** The values of a line, separated by tabs or spaces; a text in quotes may have them. Null when a quote is never closed. */
function splitValues(line: string): string[] | null {
  if (line.includes('\t')) return line.split('\t').map(value => value.trim())
  const values: string[] = []
  const value = /(?:"((?:[^"]|"")*)"|(\S+))(?: +|$)/y
  while (value.lastIndex < line.length) {
    const found = value.exec(line)
    if (found === null || values.length > MAX_COLUMNS) return null
    values.push(found[1]?.replaceAll('""', '"') ?? found[2]!)
  }
  return values
}

/** The names that `iis-w3c` gives these columns; others keep theirs, in the form of attributes. */
const NAMES: { readonly [name: string]: string } = {
  's-sitename': 'site',
  's-ip': 'server_ip',
  's-port': 'port',
  'cs-method': 'method',
  'cs-uri-stem': 'path',
  'cs-uri-query': 'query',
  'cs-username': 'user',
  'cs-version': 'protocol',
  'cs(User-Agent)': 'user_agent',
  'cs(Referer)': 'referer',
  'c-ip': 'client',
  'sc-status': 'status',
  'sc-substatus': 'substatus',
  'sc-win32-status': 'win32_status',
  'time-taken': 'time_taken',
}

function attributeName(name: string): string {
  return (
    NAMES[name] ??
    name
      .replace(/[()-]+/g, '_')
      .replace(/^_|_$/g, '')
      .toLowerCase()
  )
}
