//! What a feed's server wants to see before it answers, read at the moment it is needed.

use crate::config::{Access, HeaderValue};

/// Headers and a login, in the clear: for the request and nothing else.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) headers: Vec<(String, String)>,
    /// User name and password.
    login: Option<(String, String)>,
}

impl Credentials {
    /// User name and password.
    pub(super) fn login(&self) -> Option<(&str, &str)> {
        self.login
            .as_ref()
            .map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

/// Reads the secrets; the error says which place cannot be read, never what is in it.
pub(super) fn read(access: &Access) -> Result<Credentials, String> {
    let mut headers = Vec::new();
    for (name, value) in &access.headers {
        let value = match value {
            HeaderValue::Plain(value) => value.clone(),
            HeaderValue::Secret(source) => source.read().map_err(|error| error.to_string())?,
        };
        headers.push((name.clone(), value.reveal().to_owned()));
    }
    let login = match &access.login {
        None => None,
        Some(login) => {
            let password = login.password.read().map_err(|error| error.to_string())?;
            Some((login.username.clone(), password.reveal().to_owned()))
        }
    };
    Ok(Credentials { headers, login })
}
