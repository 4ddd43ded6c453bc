// What the console reads of the API's answers (docs/use/api.md), known to all of its modules.

interface Fault {
  title: string;
  detail?: string;
  source?: string;
  request_id?: string;
}

interface Listing<T> {
  data: T[];
  meta: { page: { limit: number; offset: number }; results: { total: number } };
  served: number;
}

interface One<T> {
  data: T;
  served: number;
}

interface Promotion {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  automatic?: true;
  promotion_type: string;
  schema: { currencies?: { currency: string; amount?: number; percentage?: number }[] };
  start: string;
  end: string;
  max_codes: number;
  created_by: string;
  meta: {
    timestamps: { created_at: string; updated_at: string };
    codes: { in_use: number; visible: number; open_job?: string };
  };
}

interface GenerateParameters {
  number_of_codes: number;
  consume_unit?: "per_cart" | "per_item";
  max_uses_per_code?: number;
  code_length?: number;
  code_prefix?: string;
}

interface Progress {
  done: number;
  total: number;
  percent: number;
  updated_at?: string;
  recent_codes_per_second?: number;
}

interface ExportedFile {
  rows: number;
  bytes: number;
  sha256: string;
}

interface Job {
  id: string;
  promotion_id: string;
  job_type: string;
  name?: string;
  parameters?: Partial<GenerateParameters> & { job_id?: string; all?: true; on_duplicate?: string };
  status: string;
  error?: string;
  created_by: string;
  meta: {
    timestamps: { created_at: string; updated_at: string };
    progress?: Progress;
    guess_odds?: string;
    file?: ExportedFile;
    files?: ExportedFile[];
  };
  result?: { generated?: number; imported?: number; duplicates?: number; invalid?: number; deleted?: number };
}

interface Forecast {
  meta: {
    guess_odds?: string;
    example_codes?: string[];
    dry_run: {
      lock_is_free: boolean;
      room_is_enough: boolean;
      room: number;
      codes: number;
      estimated_seconds: number;
      estimated_cost: { amount: string; currency: string; region: string; prices_of: string };
    };
  };
}

interface Code {
  code: string;
  max_uses?: number;
  uses?: number;
  user?: string | string[];
  consume_unit?: string;
  created_by: string;
  job_id?: string;
  meta: { timestamps: { created_at: string } };
}

interface Usage {
  id: string;
  promotion_id: string;
  redemption_id: string;
  order_id: string;
  status: "redeemed" | "held" | "rolled_back";
  code: string;
  times_used: number;
  used_on: string;
  customer_id?: string;
  customer_email?: string;
}

interface LinkedFile extends ExportedFile {
  href: string;
  name: string;
}
