/** What the demo's plan is made of. */
import type { DemoGroup, DemoServer } from './world.js';

export interface PlanPerson {
  /** Subject at the identity provider. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly DemoGroup[];
}

/** A workload that a person answers for. */
export interface PlanAgent {
  /** Client id at the identity provider, and the subject of its tokens. */
  readonly id: string;
  readonly groups: readonly DemoGroup[];
  /** Id of the person. */
  readonly owner: string;
}

export interface PlanReview {
  /** Id of a person. */
  readonly by: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
  /** `refused`: the gateway does not accept this verdict, because the reviewer asked for the call. */
  readonly outcome: 'accepted' | 'refused';
}

export interface PlanCall {
  /** Unique within the plan. */
  readonly key: string;
  /** Id of a person or the agent. */
  readonly by: string;
  /** Calls with the same connection share one MCP session. */
  readonly connection: string;
  readonly server: DemoServer;
  readonly tool: string;
  /** `FOLDER` at the start of a string stands for the throw-away folder: see `resolveArguments`. */
  readonly args: Readonly<Record<string, string | number>>;
  /** What happens, in words for the narration, such as `reads the on-call handbook`. */
  readonly says: string;
  /** `ok`: runs. `denied`: the policy refuses. `approved`, `rejected`: waits, and the last review decides. */
  readonly expect: 'ok' | 'denied' | 'approved' | 'rejected';
  /** In order; empty where no approval is needed. */
  readonly reviews: readonly PlanReview[];
}

/** A value that must not be found in anything the gateway writes or delivers. */
export interface PlantedSecret {
  readonly kind: 'password' | 'aws-access-key-id' | 'aws-secret-access-key' | 'github-token' | 'email';
  readonly value: string;
}

export interface PlanFile {
  /** Below the throw-away folder, with `/`. */
  readonly path: string;
  readonly content: string;
}

export interface PlanOperation {
  readonly service: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The governed role, used past the gateway. */
export interface PlanBypass {
  /** IAM user whose long-lived key assumes the role. */
  readonly user: string;
  readonly sessionName: string;
  readonly operations: readonly PlanOperation[];
  readonly sourceIp: string;
}

/** An operation with a gateway session's own credentials that no call explains. */
export interface PlanUnexplained {
  /** Id of the person whose session it is. */
  readonly person: string;
  readonly operation: PlanOperation;
}

export interface PlanViolations {
  readonly bypasses: readonly PlanBypass[];
  /** `bypass`: with the governed role, in the session of the first bypass; else with that user's own key. */
  readonly stopLogging: { readonly by: 'user' | 'bypass'; readonly user: string; readonly sourceIp: string };
  readonly unexplained: readonly PlanUnexplained[];
  /** Key of the call whose write event never reaches the logs. */
  readonly missingEffect: string | null;
}

export interface Plan {
  readonly seed: number;
  readonly people: readonly PlanPerson[];
  readonly agent: PlanAgent;
  readonly instances: readonly { readonly id: string; readonly name: string }[];
  readonly files: readonly PlanFile[];
  /** Secret name to secret string, for the sample account's Secrets Manager. */
  readonly vault: Readonly<Record<string, string>>;
  readonly secrets: readonly PlantedSecret[];
  readonly calls: readonly PlanCall[];
  readonly violations: PlanViolations;
  /** IAM users of the sample account. */
  readonly users: readonly string[];
}

/** What came of the planted violations: ids as they really happened. */
export interface Happened {
  /** Event ids: the governed role assumed past the gateway, and what was done with it. */
  readonly bypassed: readonly string[];
  /** Event ids of what was done with a session's credentials and no call explains. */
  readonly unexplained: readonly string[];
  /** Event ids among them: of a user with a long-lived key, and those that made a credential. */
  readonly longLived: readonly string[];
  readonly newCredentials: readonly string[];
  readonly stopLogging: { readonly eventId: string; readonly withGovernedRole: boolean };
  /** Call ids whose write event was withheld. */
  readonly missingEffects: readonly string[];
}
