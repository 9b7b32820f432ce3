/** Results of the tasks extension (SEP-2663), held against the schemas that its own package publishes. */
import {
  CancelTaskResultV2Schema,
  CreateTaskResultV2Schema,
  GetTaskResultV2Schema,
  UpdateTaskResultV2Schema,
} from '@modelcontextprotocol/ext-tasks/core/v2';

interface Schema {
  safeParse(value: unknown): {
    readonly error?: {
      readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
    };
  };
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  'tools/call': CreateTaskResultV2Schema,
  'tasks/get': GetTaskResultV2Schema,
  'tasks/update': UpdateTaskResultV2Schema,
  'tasks/cancel': CancelTaskResultV2Schema,
};

/** What is wrong with a result of the extension; undefined for one that belongs to the protocol itself. */
export const taskResultFaults = (
  answers: string,
  result: Readonly<Record<string, unknown>>,
): string[] | undefined => {
  const schema = SCHEMAS[answers];
  if (schema === undefined || (answers === 'tools/call' && result.resultType !== 'task')) return undefined;
  const issues = schema.safeParse(result).error?.issues ?? [];
  return issues.map(({ path, message }) => `${answers} as a task: ${path.join('.')} ${message}`);
};
