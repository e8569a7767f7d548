//! Redirects stay within the partner, and out of our own network.

use fetch::{Credentials, FetchError, Partner, Request, Retry};

use crate::support::{Counting, answer, client, get, serve};

#[tokio::test]
async fn a_redirect_leaves_the_hosts_of_the_partner_never() {
    for to in
        ["https://evil.example/x", "http://169.254.169.254/latest", "file:///etc/passwd", "//127.0.0.1/x"]
    {
        let server = serve(move |_, _| answer(302, &[("location", to)], "")).await;
        let budget = Counting::default();
        let refused = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap_err();
        assert!(matches!(refused, FetchError::OffHost { .. }), "{to}: {refused}");
        assert_eq!((server.asked().len(), budget.count(), refused.retry()), (1, 1, Retry::Never));
    }
}

#[tokio::test]
async fn redirects_end() {
    let server = serve(|_, _| answer(302, &[("location", "/a")], "")).await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Redirects { hops: 5, .. }), "{refused}");
    assert_eq!(server.asked().len(), 6, "the address itself and five more");
}

#[tokio::test]
async fn a_redirect_without_an_address_is_final() {
    let server = serve(|_, _| answer(302, &[], "")).await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Nowhere { status: 302, .. }), "{refused}");
    assert_eq!((refused.retry(), refused.is_partners(), server.asked().len()), (Retry::Never, false, 1));
}

#[tokio::test]
async fn a_gate_that_wants_its_cookie_back_is_told() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/a" => answer(302, &[("location", "/gate")], ""),
        _ => answer(302, &[("location", "/a"), ("set-cookie", "seen=1")], ""),
    })
    .await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::CookieGate { .. }), "{refused}");
    assert_eq!((refused.retry(), server.asked().len()), (Retry::Never, 2));
}

#[tokio::test]
async fn the_address_that_answered_is_kept_and_no_other_and_without_a_key() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/a" => answer(301, &[("location", "/b?key=hunter2&p=1#part")], ""),
        _ => answer(200, &[("content-location", "https://evil.example/")], "b"),
    })
    .await;
    let key = Credentials::QueryKey { param: "key".to_owned(), key: "hunter2".to_owned().into() };
    let partner = Partner { credentials: Some(key), ..server.partner() };
    let kept = |headers: &[(String, String)]| {
        let found = headers.iter().find(|(name, _)| name == "content-location");
        found.map(|(_, value)| value.clone())
    };
    let led = client().fetch(&partner, &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!(kept(&led.headers).as_deref(), Some("https://api.fnecm.org/b?p=1"));
    let direct = client().fetch(&partner, &get("/b"), &Counting::default()).await.unwrap();
    assert_eq!(kept(&direct.headers), None);
}

#[tokio::test]
async fn the_lines_of_a_header_are_one_list() {
    let server = serve(|_, _| {
        let mut given = answer(200, &[("link", "</?p=1>; rel=first"), ("content-type", "text/html")], "b");
        given.headers_mut().append("link", "</?p=2>; rel=next".parse().unwrap());
        given.headers_mut().append("content-type", "text/plain".parse().unwrap());
        given
    })
    .await;
    let got = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap();
    let header = |name: &str| got.headers.iter().filter(|(known, _)| known == name).collect::<Vec<_>>();
    assert_eq!(header("link"), [&("link".to_owned(), "</?p=1>; rel=first, </?p=2>; rel=next".to_owned())]);
    assert_eq!(header("content-type"), [&("content-type".to_owned(), "text/html".to_owned())]);
}

#[tokio::test]
async fn another_host_of_the_partner_gets_neither_credentials_nor_headers() {
    for credentials in [
        Credentials::ApiKey { header: "x-api-key".to_owned(), key: "k".into() },
        Credentials::Bearer("k".into()),
        Credentials::Basic { user: "me".to_owned(), password: "k".into() },
    ] {
        let server = serve(|asked, _| match asked.uri().path() {
            "/a" => answer(302, &[("location", "//www.fnecm.org/b"), ("set-cookie", "session=1")], ""),
            _ => answer(200, &[("set-cookie", "session=2"), ("content-type", "text/html")], "b"),
        })
        .await;
        let partner = Partner { credentials: Some(credentials), ..server.partner() };
        let request = Request { headers: vec![("cookie".to_owned(), "consent=1".to_owned())], ..get("/a") };
        let got = client().fetch(&partner, &request, &Counting::default()).await.unwrap();
        assert_eq!(server.asked(), ["GET api.fnecm.org/a", "GET www.fnecm.org/b"]);
        let shown = |n| ["x-api-key", "authorization", "cookie"].map(|name| server.header(n, name).is_some());
        assert!(shown(1)[2] && (shown(1)[0] || shown(1)[1]), "the API is shown them");
        assert_eq!(shown(2), [false; 3], "the other host is not");
        assert!(got.headers.iter().all(|(name, _)| name != "set-cookie"), "{:?}", got.headers);
        assert!(got.headers.contains(&("content-type".to_owned(), "text/html".to_owned())));
    }
}

#[tokio::test]
async fn an_address_that_is_not_the_partners_is_not_asked() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    for url in ["https://evil.example/", "ftp://api.fnecm.org/", "https://api.fnecm.org.evil.example/"] {
        let request = Request { url: url.parse().unwrap(), ..get("/") };
        let refused =
            client().fetch(&server.with_robots(), &request, &Counting::default()).await.unwrap_err();
        assert!(matches!(refused, FetchError::OffHost { .. }), "{refused}");
        assert!(refused.to_string().contains(request.url.host_str().unwrap()), "{refused}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn without_a_gateway_our_own_network_is_out_of_reach() {
    let server = serve(|_, _| answer(200, &[], "secret")).await;
    let port = server.url.rsplit(':').next().unwrap();
    let partner = Partner {
        via: None,
        hosts: ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).to_vec(),
        ..server.partner()
    };
    for host in &partner.hosts {
        let request = Request { url: format!("http://{host}:{port}/").parse().unwrap(), ..get("/") };
        let refused = client().fetch(&partner, &request, &Counting::default()).await.unwrap_err();
        let named = matches!(refused, FetchError::Private { .. });
        let resolved = matches!(refused, FetchError::Transport { .. }) && host == "localhost";
        assert!(named || resolved, "{host}: {refused:?}");
    }
    assert!(server.asked().is_empty());
}
