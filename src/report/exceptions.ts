/** `exceptions.csv`: every exception, with what stands over it. */
import type { ReportContent } from './content.js';
import { csv } from './csv.js';
import { answerTo, exceptionId } from './responses.js';

const answered = (responses: ReportContent['responses'], control: string, i: number): readonly (string | null)[] => {
  const answer = answerTo(responses, control, i);
  return [answer?.disposition ?? null, answer?.owner ?? null, answer?.due ?? null];
};

export const exceptionTable = ({ results: rows, responses }: ReportContent): string =>
  csv(
    [
      'exception_id',
      'control_id',
      'item',
      'time',
      'person',
      'what',
      'expected',
      'found',
      'waiver_id',
      'disposition',
      'owner',
      'due',
    ],
    rows.flatMap((r) =>
      r.exceptions.map((e, i) => [
        exceptionId(r.control, i),
        r.control,
        e.item,
        e.time,
        e.person,
        e.what,
        e.expected,
        e.found,
        e.waiver,
        ...answered(responses, r.control, i),
      ]),
    ),
  );
