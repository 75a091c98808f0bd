//! The settings, from `BELFORT_…` variables.
//!
//! All errors are reported at once, each with its variable and what to do: nobody should have to start ten times to learn
//! ten things.

mod database;
mod http;
mod keys;
mod limits;
mod log;
mod mail;
mod reader;
mod regions;

use std::path::PathBuf;

pub(crate) use database::Database;
pub(crate) use http::Http;
pub(crate) use keys::Keys;
pub(crate) use limits::Limits;
pub(crate) use log::{Format, Log};
pub(crate) use mail::Mail;
pub(crate) use reader::{ConfigErrors, Entry, Reader};
pub(crate) use regions::Regions;

/// The environment as a value, so that a test can bring its own.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'e> {
    /// Looks up a variable.
    pub(crate) get: &'e dyn Fn(&str) -> Option<String>,
    /// The names of all variables.
    pub(crate) names: &'e [String],
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Config {
    /// `BELFORT_ENV`: `production`, or else development, where everything has a default.
    pub(crate) production: bool,
    /// `BELFORT_DATA_DIR`: the directory of what the program keeps on this machine. Default `.belfort`.
    pub(crate) data_dir: PathBuf,
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) mail: Mail,
    pub(crate) regions: Regions,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
    /// Every variable, with its value as it may be shown.
    pub(crate) entries: Vec<Entry>,
}

impl Config {
    /// Reads all variables.
    pub(crate) fn load(environment: Environment<'_>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(environment);
        let data_dir =
            reader.read_or("BELFORT_DATA_DIR", ".belfort", |text| Ok::<_, &str>(PathBuf::from(text)));
        let http = Http::load(&mut reader);
        let database = Database::load(&mut reader);
        let keys = Keys::load(&mut reader, data_dir.as_deref());
        let mail = Mail::load(&mut reader);
        let regions = Regions::load(&mut reader);
        let limits = Limits::load(&mut reader);
        let log = Log::load(&mut reader);
        let production = reader.production();
        let entries = reader.finish()?;
        let all = || {
            Some(Self {
                production,
                data_dir: data_dir?,
                http: http?,
                database: database?,
                keys: keys?,
                mail: mail?,
                regions: regions?,
                limits: limits?,
                log: log?,
                entries,
            })
        };
        // A part is only missing when its reader found a problem, and then `finish` did not let us come here.
        all().ok_or_else(ConfigErrors::none)
    }

    /// The variables that begin with `BELFORT_` and are no setting: a misspelt one would have no effect, and nobody would
    /// notice.
    pub(crate) fn unknown<'e>(&self, environment: Environment<'e>) -> Vec<&'e str> {
        let ours = |name: &str| self.entries.iter().any(|entry| entry.variable == name);
        let names = environment.names.iter().map(String::as_str);
        names.filter(|name| name.starts_with("BELFORT_") && !ours(name)).collect()
    }

    /// Returns whether anything is kept in the data directory.
    pub(crate) fn keeps_data_here(&self) -> bool {
        self.database.url.is_none()
            || matches!(self.keys, Keys::Generated(_))
            || matches!(self.mail, Mail::Files { .. })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let get =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::load(Environment { get: &get, names: &[] })
    }

    pub(crate) fn problems(variables: &[(&str, &str)]) -> String {
        load(variables).unwrap_err().to_string()
    }

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const PRODUCTION: [(&str, &str); 12] = [
        ("BELFORT_ENV", "production"),
        ("BELFORT_DATABASE_URL", "postgres://owner:s3cret@localhost/belfort"),
        ("BELFORT_KEYS", KEY),
        ("BELFORT_BASE_DOMAIN", "belfort.example"),
        ("BELFORT_TRUSTED_PROXIES", "none"),
        ("BELFORT_SMTP_URL", "smtp://someone:s3cret@localhost"),
        ("BELFORT_MAIL_FROM", "Belfort <no-reply@belfort.example>"),
        ("BELFORT_REGION_DATABASE", "europe-west1"),
        ("BELFORT_REGION_ATTACHMENTS", "europe-west1"),
        ("BELFORT_REGION_MAIL", "eu-central-1"),
        ("BELFORT_REGION_BACKUP", "europe-west3"),
        ("BELFORT_REGION_QUEUE", "belgiumcentral"),
    ];

    #[test]
    fn with_nothing_set_it_is_the_development_server() {
        let config = load(&[]).unwrap();
        assert!(!config.production);
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.http.admin_listen.unwrap().to_string(), "127.0.0.1:8081");
        assert_eq!(config.http.base_domain.as_str(), "localhost");
        assert!(!config.http.secure_cookies());
        assert!(config.http.trusted_proxies.is_empty());
        assert!(config.database.url.is_none());
        assert!(matches!(&config.keys, Keys::Generated(path) if path.ends_with(".belfort/keys")));
        assert!(matches!(config.mail, Mail::Files { .. }));
        assert_eq!(config.limits.signup_per_ip.to_string(), "10/1h");
        assert_eq!(config.limits.signup_per_email_domain.to_string(), "20/1h");
        assert_eq!(config.limits.login.to_string(), "5/15m");
        assert_eq!(config.limits.attachment, 25 * 1024 * 1024);
    }

    #[test]
    fn production_defaults_nothing_that_must_be_chosen() {
        let all = problems(&[("BELFORT_ENV", "production")]);
        for (variable, _) in PRODUCTION.iter().skip(1) {
            assert!(all.contains(&format!("{variable} ")), "{variable} is not in\n{all}");
        }
        assert!(!all.contains("BELFORT_REGION_REPLICA"), "there need not be one: {all}");
        assert!(load(&PRODUCTION).unwrap().http.secure_cookies());
    }

    #[test]
    fn each_variable_of_production_is_missed_alone() {
        for skipped in 1..PRODUCTION.len() {
            let mut some = PRODUCTION.to_vec();
            let (variable, _) = some.remove(skipped);
            let all = problems(&some);
            assert!(all.contains(variable) && all.lines().count() == 2, "{variable}: {all}");
        }
    }

    #[test]
    fn an_empty_value_is_none() {
        assert!(load(&[("BELFORT_LISTEN", ""), ("BELFORT_ENV", " ")]).is_ok());
        let mut some = PRODUCTION.to_vec();
        some.push(("BELFORT_KEYS_FILE", ""));
        assert!(load(&some).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = [
            ("BELFORT_ENV", "staging"),
            ("BELFORT_LISTEN", "8080"),
            ("BELFORT_ADMIN_LISTEN", "nowhere"),
            ("BELFORT_BASE_DOMAIN", "a b"),
            ("BELFORT_TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.0/99"),
            ("BELFORT_DATABASE_URL", "mysql://u:s3cret@localhost"),
            ("BELFORT_UNHARDENED_DATABASE", "yes"),
            ("BELFORT_POOL_SIZE", "0"),
            ("BELFORT_DATABASE_TIMEOUT", "never"),
            ("BELFORT_SPARES", "-1"),
            ("BELFORT_KEYS", "s3cret"),
            ("BELFORT_SMTP_URL", "http://u:s3cret@localhost"),
            ("BELFORT_MAIL_FROM", "nobody"),
            ("BELFORT_REGION_DATABASE", "us-east-1"),
            ("BELFORT_REGION_REPLICA", "Frankfurt!"),
            ("BELFORT_SIGNUP_PER_IP", "many"),
            ("BELFORT_SIGNUP_PER_EMAIL_DOMAIN", "10/h"),
            ("BELFORT_ACCEPT_PER_IP", "none"),
            ("BELFORT_INVITATIONS_PER_RECIPIENT", "10"),
            ("BELFORT_INVITATIONS_PER_USER", "0/1h"),
            ("BELFORT_INVITATIONS_PER_WORKSPACE", "200/day"),
            ("BELFORT_LOGIN_FAILURE_LIMIT", "0"),
            ("BELFORT_LOGIN_COOLOFF", "soon"),
            ("BELFORT_ATTACHMENT_LIMIT", "25MB"),
            ("BELFORT_BODY_TIMEOUT", "0s"),
            ("BELFORT_BODY_RATE", "0"),
            ("BELFORT_BODY_MEMORY", "512KiB"),
            ("BELFORT_MAX_CONNECTIONS", "0"),
            ("BELFORT_LOG", "json,info,a=loud"),
        ];
        let all = problems(&wrong);
        for (variable, _) in wrong {
            assert!(all.contains(variable), "{variable} is not in\n{all}");
        }
        assert!(!all.contains("s3cret"), "{all}");
    }

    #[test]
    fn what_is_shown_has_no_secret_in_it() {
        let config = load(&PRODUCTION).unwrap();
        let shown =
            format!("{config:?} {}", config.entries.iter().map(ToString::to_string).collect::<String>());
        for secret in ["s3cret", "someone", "owner", KEY] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
        assert!(shown.contains("belfort.example") && shown.contains("localhost/belfort"));
    }

    #[test]
    fn a_store_outside_the_allowed_regions_is_refused_in_development_too() {
        let one = ("BELFORT_REGION_BACKUP", "us-east-1");
        assert!(problems(&[one]).contains("BELFORT_ALLOWED_REGIONS"));
        assert!(load(&[one, ("BELFORT_ALLOWED_REGIONS", "us-east-1")]).is_ok());
    }

    #[test]
    fn a_misspelt_variable_is_found() {
        let names = ["BELFORT_TRUSTED_PROXY", "BELFORT_LISTEN", "BELFORT_REGION_REPLICA", "PATH"];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        let environment = Environment { get: &|_| None, names: &names };
        let config = Config::load(environment).unwrap();
        assert_eq!(config.unknown(environment), ["BELFORT_TRUSTED_PROXY"]);
    }

    #[test]
    fn keys_come_from_one_place() {
        let both = problems(&[("BELFORT_KEYS", KEY), ("BELFORT_KEYS_FILE", "/run/keys")]);
        assert!(both.contains("BELFORT_KEYS_FILE"), "{both}");
        let file = load(&[("BELFORT_KEYS_FILE", "/run/keys")]).unwrap();
        assert!(matches!(&file.keys, Keys::File(path) if path.ends_with("keys")));
    }

    #[test]
    fn the_login_limit_is_a_number_in_a_time() {
        let set = [("BELFORT_LOGIN_FAILURE_LIMIT", "7"), ("BELFORT_LOGIN_COOLOFF", "90s")];
        assert_eq!(load(&set).unwrap().limits.login.to_string(), "7/90s");
    }
}
