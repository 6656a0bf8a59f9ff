//! [`Share`]: links that hand a page to somebody else.

use url::form_urlencoded::byte_serialize;

/// Where a page is handed on, and how it is quoted.
pub struct Share {
    /// X's page with a post to be sent.
    pub x: String,
    /// LinkedIn's.
    pub linkedin: String,
    /// A link in Markdown.
    pub markdown: String,
    pub address: String,
    /// A post: the sentence, then the address.
    pub post: String,
}

impl Share {
    /// Shares `address`, said in one sentence.
    pub fn of(address: &str, title: &str, sentence: &str) -> Self {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let plain: String = title.chars().filter(|c| !"[]()`\\".contains(*c)).collect();
        Self {
            x: format!(
                "https://x.com/intent/post?text={}&url={}",
                encoded(sentence),
                encoded(address)
            ),
            linkedin: format!(
                "https://www.linkedin.com/sharing/share-offsite/?url={}",
                encoded(address)
            ),
            markdown: format!("[{plain}]({address})"),
            address: address.to_owned(),
            post: format!("{sentence}\n{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn what_is_shared_cannot_leave_its_place() {
        let share = Share::of(
            "https://v.example/compare/a-vs-b",
            "A](x) vs B",
            "B & A: 50%?",
        );
        assert_eq!(
            share.x,
            "https://x.com/intent/post?text=B+%26+A%3A+50%25%3F&url=https%3A%2F%2Fv.example%2Fcompare%2Fa-vs-b"
        );
        assert_eq!(
            share.markdown,
            "[Ax vs B](https://v.example/compare/a-vs-b)"
        );
    }
}
