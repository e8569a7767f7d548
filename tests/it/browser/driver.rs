//! A headless Chromium, driven by the protocol of the W3C for it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How the protocol writes keys.
pub(super) const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";

/// Names of the browser.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one window. It ends with this value.
pub(super) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    http: Client,
}

impl Browser {
    /// Starts a browser; an error says what this machine lacks.
    pub(super) async fn start() -> Result<Self, String> {
        let binary = BROWSERS
            .into_iter()
            .find(|name| is_there(name))
            .ok_or("there is no chromium: apt-get install chromium")?;
        if !is_there("chromedriver") {
            return Err("there is no chromedriver: apt-get install chromium-driver".to_owned());
        }
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port_in = |line: String| {
            line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        };
        let port = said.into_iter().find_map(port_in).and_then(|port| port.parse().ok());
        let port = port.expect("chromedriver does not say its port");
        let http = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        let mut browser = Self { driver, port, session: String::new(), http };
        let args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let options = json!({
            "browserName": "chrome", "goog:chromeOptions": { "binary": which(binary), "args": args },
            "goog:loggingPrefs": { "browser": "ALL" }
        });
        let started = browser.send("session", &json!({ "capabilities": { "alwaysMatch": options } })).await;
        started["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        Ok(browser)
    }

    async fn send(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("http://127.0.0.1:{}/{path}", self.port)).body(body.to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let value = answer["value"].clone();
        assert!(value.get("error").is_none(), "{path}: {}: {}", value["error"], value["message"]);
        value
    }

    async fn command(&self, command: &str, body: &Value) -> Value {
        self.send(&format!("session/{}/{command}", self.session), body).await
    }

    /// Goes to an address, and waits until the page is there.
    pub(super) async fn open(&self, url: &str) {
        self.command("url", &json!({ "url": url })).await;
    }

    /// Makes the screen so wide, in CSS pixels. Below 400 it is a telephone.
    pub(super) async fn screen(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 400 });
        let call = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.command("goog/cdp/execute", &call).await;
    }

    /// Runs a function body in the page, and returns what it returns or resolves to. The policy of the page stays in force.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Types into the only element that a selector names; an element that can be clicked is clicked with [`Browser::click`].
    pub(super) async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.command(&format!("element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Clicks the first element that a selector names. One that nobody can see or reach is an error.
    pub(super) async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.command(&format!("element/{element}/click"), &json!({})).await;
    }

    async fn element(&self, selector: &str) -> String {
        let found = self.command("element", &json!({ "using": "css selector", "value": selector })).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Presses a key, wherever the focus is.
    pub(super) async fn press(&self, key: &str) {
        let steps = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": steps }] });
        self.command("actions", &actions).await;
    }

    /// Returns what the browser complained of since the last call: scripts, and what the policy of a page refused.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let entries = self.command("se/log", &json!({ "type": "browser" })).await;
        let entries =
            entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        entries.collect()
    }

    /// Returns a picture of the whole page, as PNG in base64.
    pub(super) async fn picture(&self) -> String {
        let call = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        self.command("goog/cdp/execute", &call).await["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser when the session ends; killed, it would leave it behind.
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = write!(
                connection,
                "DELETE /session/{} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
                self.session
            );
            let _ = connection.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Whether a program is on this machine.
pub(super) fn is_there(program: &str) -> bool {
    which(program).is_some()
}

fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
