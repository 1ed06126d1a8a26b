"""Steps that most plans share."""

from __future__ import annotations

from guanlan.response.plans.shipped.sketch import Do, t


def clocks(slug: str = "clocks", minutes: int = 60) -> Do:
    """Which authorities are to be told, and from when their time runs."""
    return Do(
        slug, "compliance_officer", minutes,
        t("Start the regulatory clocks", "启动报送时限", "啟動報送時限"),
        t("Write down when the fact became known. Go through the regulatory clocks, start each whose"
          " trigger is met, and name who drafts the first report. Where it is doubtful whether a"
          " trigger is met, start the clock and ask counsel.",
          "记录事实的知悉时间。逐项对照报送时限，对满足触发条件的全部启动，并指定首次报告的起草人。"
          "是否触发存疑时，先启动时限并征询法务意见。",
          "記錄事實的知悉時間。逐項對照報送時限，對符合觸發條件的全部啟動，並指定首次報告的起草人。"
          "是否觸發有疑義時，先啟動時限並徵詢法務意見。"),
    )  # fmt: skip


def statement(minutes: int = 60) -> Do:
    """One voice to the outside."""
    return Do(
        "statement", "communications", minutes,
        t("Prepare statements", "准备对外声明", "準備對外聲明"),
        t("Draft what customers, media and staff are told: what happened, what it means for them,"
          " what they should do, when they hear more. Only confirmed facts, no guess at causes or"
          " numbers. Have it approved before anything is published, and name the one spokesperson.",
          "起草面向客户、媒体和员工的说明：发生了什么、对其影响、需要怎么做、何时再次通报。只写已确认的事实，"
          "不猜测原因或数字。发布前须经批准，并指定唯一发言人。",
          "起草面向客戶、媒體和員工的說明：發生了什麼、對其影響、需要怎麼做、何時再次說明。只寫已確認的事實，"
          "不猜測原因或數字。發布前須經核准，並指定唯一發言人。"),
    )  # fmt: skip


def service(minutes: int = 30) -> Do:
    """Customer service knows what to say before customers ask."""
    return Do(
        "service", "customer_service", minutes,
        t("Brief customer service", "向客服通报口径", "向客服說明口徑"),
        t("Give every shift the approved answers, the questions they must not answer, and where to"
          " send a customer who has lost money. Open an own category for these contacts, add staff"
          " to the lines, and report numbers and new questions every hour.",
          "向各班次下发经批准的答复口径、不得回答的问题，以及资金受损客户的转办路径。为此类来访单独设类，"
          "增加坐席，每小时上报数量和新问题。",
          "向各班次下發經核准的答覆口徑、不得回答的問題，以及資金受損客戶的轉辦路徑。為此類來訊單獨設類，"
          "增加客服人力，每小時回報數量和新問題。"),
    )  # fmt: skip


def review(minutes: int = 14_400) -> Do:
    """What is to be different next time."""
    return Do(
        "review", "risk_owner", minutes,
        t("Review and lessons", "复盘与经验教训", "檢討與經驗教訓"),
        t("Within ten days, with everybody who took part and without blame: the timeline, what was"
          " found late, which measures worked and which did not, the losses. Write each lesson with"
          " an action, an owner and a date, and update this plan, the register and the indicators.",
          "十日内召集全部参与人员，对事不对人：梳理时间线、发现偏晚之处、哪些控制措施有效或无效、损失情况。"
          "每条经验教训都要有行动、责任人和日期，并更新本预案、风险登记册和风险指标。",
          "十日內召集全部參與人員，對事不對人：梳理時間線、發現偏晚之處、哪些控制措施有效或無效、損失情況。"
          "每條經驗教訓都要有行動、負責人和日期，並更新本預案、風險登錄冊和風險指標。"),
    )  # fmt: skip
