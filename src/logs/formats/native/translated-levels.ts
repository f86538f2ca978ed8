// Levels in other languages than English, as PostgreSQL, java.util.logging and programs of one's own write them.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

/** The words of PostgreSQL's and Java's translations, and the plain words of more languages. */
const TRANSLATIONS: { readonly [level in 'info' | 'warn' | 'error' | 'fatal']: string } = {
  info: 'infos hinweis meldung información informazioni informazione informações informação info-meldung инфо информация сообщение замечание 信息 情報 정보',
  warn: 'warnung achtung avertissement attention advertencia advertência aviso avviso avvertenza attenzione varning advarsel varoitus ostrzeżenie varování upozornění figyelmeztetés uyarı waarschuwing предупреждение попередження 警告 경고',
  error:
    'fehler schwerwiegend erreur grave errore erro fel allvarlig feil fejl fout virhe vakava błąd chyba hiba hata ciddi eroare σφάλμα ошибка помилка грешка 错误 錯誤 严重 嚴重 エラー 重大 오류 심각 에러 خطأ שגיאה lỗi',
  fatal:
    'panik kritisch panique critique fatale pánico crítico panico critico kritisk krytyczny паника важно критический критическая 致命错误 致命的エラー 致命',
}

const levels: { [spelling: string]: Level } = {}
for (const [level, words] of Object.entries(TRANSLATIONS) as [Level, string][])
  for (const word of words.split(' '))
    for (const spelling of [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)]) levels[spelling] = level

/** Longer words first, so that none ends within another. */
const alternatives = (spellings: readonly string[]) => spellings.toSorted((a, b) => b.length - a.length).join('|')
const ANY = alternatives(Object.keys(levels))
const LOUD = alternatives(Object.keys(levels).filter(word => word === word.toUpperCase()))
/** In brackets, before a colon or a dash, or in capitals: a word of prose is none of these. */
const MARKED = String.raw`(?:\[(?<level>${ANY})\]:?|(?<level>${ANY})(?: ?[:：]| [-|](?= ))|(?<level>${LOUD})(?= )) {0,4}`
const PROCESS = String.raw`(?:\[(?<pid>\d{1,10})(?:-\d{1,9})?\]:? )?(?:(?<user>[\w.-]{1,63})@(?<database>[\w.-]{1,63}) )?`

export const TRANSLATED_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'translated-level',
    title: 'PostgreSQL and others with the level in another language than English: time LEVEL: message',
    after: 'time',
    first: String.raw`[A-Za-z\u0080-\uffff`,
    pattern: new RegExp(`^${PROCESS}${MARKED}${REST}`, 's'),
    levels,
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 11:00:01.123 CET [12] FEHLER:  Relation »carts« existiert nicht',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Relation »carts« existiert nicht',
        attributes: { pid: 12 },
      },
      {
        text: '2026-11-29 10:00:01 UTC [12] app@shop ERREUR:  la relation « carts » n’existe pas',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'la relation « carts » n’existe pas',
        attributes: { pid: 12, user: 'app', database: 'shop' },
      },
      {
        text: '29.11.2026 10:00:01 WARNUNG Platte fast voll',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'Platte fast voll',
      },
      {
        text: '2026-11-29 10:00:01 ОШИБКА: нет места на диске',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'нет места на диске',
      },
      {
        text: '2026-11-29 10:00:01 [错误] 连接失败',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '连接失败',
      },
      {
        text: '2026-11-29 10:00:01 警告：ディスクがいっぱいです',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'ディスクがいっぱいです',
      },
      {
        text: '2026-11-29 10:00:01 Fehler beim Laden wurden behoben',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Fehler beim Laden wurden behoben',
      },
    ],
  },
  {
    kind: 'text',
    name: 'translated-level-start',
    title: 'java.util.logging and others with the level in another language than English, without a time',
    after: 'start',
    first: String.raw`[A-Za-z\u0080-\uffff`,
    pattern: new RegExp(`^(?:\\[(?<level>${ANY})\\]:?|(?<level>${ANY}) ?[:：]) {0,4}${REST}`, 's'),
    levels,
    isGeneral: true,
    examples: [
      { text: 'SCHWERWIEGEND: kein Lagerbestand', level: 'error', time: null, message: 'kein Lagerbestand' },
      { text: 'AVERTISSEMENT: disque plein', level: 'warn', time: null, message: 'disque plein' },
      { text: '[ERRO] sem estoque', level: 'error', time: null, message: 'sem estoque' },
      { text: 'Fel: disken är full', level: 'error', time: null, message: 'disken är full' },
    ],
  },
]
